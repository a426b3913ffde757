import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ByteBudget } from '../core/byte-budget.js';
import { OmniError } from '../core/errors.js';
import { isJsonList, parseInSlices, withoutMark } from '../core/json-slices.js';
import type { JsonValue } from '../core/product.js';
import { parseJson } from '../ingest/parse-json.js';
import { LIST_BODY_BYTES, type HttpLimits } from './limits.js';
import { readBody } from './read-body.js';
import { isCompressed } from './request-encoding.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body is a product, or a list of them; otherwise `bodyLimit` is all there is to know. */
    products?: boolean;
    /** Whoever answers reads the body itself, as it comes. */
    streamed?: boolean;
    /** There need not be a body. */
    bodyless?: boolean;
  }
}

/** JSON is read here, strictly; whatever else comes is 415. */
export function addJsonParsers(app: FastifyInstance, limits: HttpLimits, bodies: ByteBudget): void {
  const parse = async (request: FastifyRequest, body: Readable): Promise<unknown> => {
    const { products = false, streamed = false } = request.routeOptions.config;
    if (streamed) return body;
    return products
      ? readProducts(request, body, limits)
      : readValue(request, body, limits, bodies);
  };
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', parse);
  app.addContentTypeParser(
    'application/merge-patch+json',
    async (request: FastifyRequest, body: Readable) => {
      if (request.method === 'PATCH') return parse(request, body);
      throw new OmniError('unsupported_media_type', 'the body must be application/json');
    },
  );
}

/** A parser of a body that is a JSON value, whatever its type is said to be. */
export function jsonParser(limits: HttpLimits, bodies: ByteBudget) {
  return (request: FastifyRequest, body: Readable): Promise<unknown> =>
    readValue(request, body, limits, bodies);
}

/** A JSON value; its bytes are held only while they are read. */
async function readValue(
  request: FastifyRequest,
  body: Readable,
  limits: HttpLimits,
  bodies: ByteBudget,
): Promise<JsonValue | undefined> {
  const lease = bodies.lease(request.tenant);
  const limit = { bytes: request.routeOptions.bodyLimit, what: 'the body of this request' };
  try {
    const options = { ...factsOf(request), lease };
    const bytes = await readBody(body, limits, () => limit, options);
    return bytes.length === 0 ? undefined : await parseInSlices(bytes, parseJson);
  } finally {
    lease.release();
  }
}

/** The bytes of a product, or of a list of them: `Ingest.json` parses what it can bear. */
async function readProducts(
  request: FastifyRequest,
  body: Readable,
  { maxProductBytes, ...limits }: HttpLimits,
): Promise<Buffer | undefined> {
  const limitOf = (start: Uint8Array) =>
    isJsonList(withoutMark(Buffer.from(start)))
      ? { bytes: Math.max(LIST_BODY_BYTES, maxProductBytes), what: 'a list of products' }
      : { bytes: maxProductBytes, what: 'a product (MAX_PRODUCT_BYTES)' };
  const options = { ...factsOf(request), lease: request.held };
  const bytes = await readBody(body, limits, limitOf, options);
  return bytes.length === 0 ? undefined : bytes;
}

function factsOf(request: FastifyRequest): {
  declaredBytes: number | undefined;
  isCompressed: boolean;
} {
  const declared = Number(request.headers['content-length']);
  return {
    declaredBytes: Number.isNaN(declared) ? undefined : declared,
    isCompressed: isCompressed(request),
  };
}
