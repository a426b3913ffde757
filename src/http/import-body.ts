import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { OmniError } from '../core/errors.js';
import { isObject } from '../core/json.js';
import { isBlank, withoutMark } from '../core/json-slices.js';
import { parseJson } from '../ingest/parse-json.js';
import type { Feed } from '../jobs/imports/import-desk.js';
import { ImportBody } from './import-schemas.js';
import type { HttpLimits } from './limits.js';
import { readChunks } from './read-body.js';
import { schemaError } from './schema-error.js';

type FeedFormat = NonNullable<Feed['format']>;

const OPEN_OBJECT = 0x7b;
const FORMATS: ReadonlyMap<string, FeedFormat> = new Map([
  ['application/json', 'json'],
  ['application/x-ndjson', 'ndjson'],
  ['text/csv', 'csv'],
]);

/** A feed that comes with its request, or one that is to be fetched. */
export type AskedImport =
  { format: FeedFormat; chunks: AsyncGenerator<Uint8Array> } | { fetched: ImportBody };

/** What the body of an import is. Rejects `unsupported_media_type`, `invalid_json`, `invalid_field`, `too_large`. */
export async function readImport(
  request: FastifyRequest,
  limits: HttpLimits,
): Promise<AskedImport> {
  const { headers, body } = request;
  const [type = ''] = (headers['content-type'] ?? '').split(';', 1);
  const format = FORMATS.get(type.trim().toLowerCase());
  if (format === undefined) {
    const message = `the body must be one of ${[...FORMATS.keys()].join(', ')}`;
    throw new OmniError('unsupported_media_type', message);
  }
  const chunks = readChunks(body as Readable, limits);
  if (format !== 'json') return { format, chunks };
  const start = await untilText(chunks);
  const isOne = withoutMark(start).toString('latin1').trimStart().charCodeAt(0) === OPEN_OBJECT;
  if (!isOne) return { format, chunks: joined(start, chunks) };
  const whole = await wholeBody(start, chunks, limits.maxProductBytes);
  const value = parseJson(whole);
  if (isObject(value) && 'url' in value && !('id' in value)) {
    const validate = request.compileValidationSchema(ImportBody);
    if (!validate(value)) throw schemaError(validate.errors ?? []);
    return { fetched: value as unknown as ImportBody };
  }
  return { format, chunks: joined(whole, empty()) };
}

async function untilText(chunks: AsyncGenerator<Uint8Array>): Promise<Buffer> {
  let start = Buffer.alloc(0);
  while (isBlank(withoutMark(start))) {
    const read = await chunks.next();
    if (read.done === true) break;
    start = Buffer.concat([start, read.value]);
  }
  return start;
}

async function wholeBody(
  start: Buffer,
  chunks: AsyncGenerator<Uint8Array>,
  maxBytes: number,
): Promise<Buffer> {
  const pieces: Uint8Array[] = [start];
  let bytes = start.length;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new OmniError('too_large', `one product may have at most ${maxBytes} bytes`);
    }
    pieces.push(chunk);
  }
  return Buffer.concat(pieces, bytes);
}

async function* joined(
  start: Buffer,
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield start;
  yield* rest;
}

async function* empty(): AsyncGenerator<Uint8Array> {
  // Nothing follows.
}
