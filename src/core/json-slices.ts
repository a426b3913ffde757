import { invalidField, OmniError } from './errors.js';
import type { JsonObject, JsonValue } from './product.js';
import { Slices } from './slices.js';

/** What is parsed in one go: a fraction of a millisecond. */
const SLICE_BYTES = 64 * 1024;
/** Deeper nesting than anything that is accepted has. */
const MAX_DEPTH = 32;

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Some neighbouring elements or members of a list or object. */
export interface JsonRun {
  /** Without the brackets around it. */
  bytes: Buffer;
  count: number;
}

type Parse = (bytes: Buffer) => JsonValue;

/** The value of JSON text as `parse` would have it, other work let in between: no turn is long. */
export async function parseInSlices(
  bytes: Buffer,
  parse: Parse,
  depthLeft = MAX_DEPTH,
  slices = new Slices(),
): Promise<JsonValue> {
  if (bytes.length <= SLICE_BYTES) return parse(bytes);
  if (depthLeft === MAX_DEPTH) bytes = withoutMark(bytes);
  const open = firstByte(bytes);
  if (open !== OPEN_LIST && open !== OPEN_OBJECT) {
    // Between brackets, so that a byte-order mark is none.
    return depthLeft === MAX_DEPTH ? parse(bytes) : (listOf({ bytes }, parse)[0] as JsonValue);
  }
  if (depthLeft === 0) {
    throw invalidField('body', `must be nested at most ${MAX_DEPTH} levels deep`);
  }
  const list: JsonValue[] = [];
  const object: JsonObject = {};
  for await (const run of jsonRuns(bytes, slices)) {
    const isLarge = run.count === 1 && run.bytes.length > SLICE_BYTES;
    if (open === OPEN_LIST) {
      if (isLarge) list.push(await parseInSlices(trimmed(run.bytes), parse, depthLeft - 1, slices));
      else for (const value of listOf(run, parse)) list.push(value);
    } else if (isLarge) {
      const colon = endOfString(run.bytes, run.bytes.indexOf(QUOTE)) + 1;
      const valueAt = run.bytes.indexOf(COLON, colon) + 1;
      // The key on its own, so that one that is not fit is refused as anywhere.
      const member = parse(wrapped('{', run.bytes.subarray(0, valueAt), '0}')) as JsonObject;
      const value = await parseInSlices(
        trimmed(run.bytes.subarray(valueAt)),
        parse,
        depthLeft - 1,
        slices,
      );
      for (const key of Object.keys(member)) object[key] = value;
    } else Object.assign(object, parse(wrapped('{', run.bytes, '}')));
  }
  return open === OPEN_LIST ? list : object;
}

/** The elements of a run that `jsonRuns` found in a list. */
export function listOf(run: Pick<JsonRun, 'bytes'>, parse: Parse): JsonValue[] {
  return parse(wrapped('[', run.bytes, ']')) as JsonValue[];
}

/** JSON text without the byte-order mark that may stand before it. */
export function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/** Whether JSON text is a list, if anything. */
export function isJsonList(bytes: Buffer): boolean {
  return firstByte(bytes) === OPEN_LIST;
}

/**
 * The elements of a list, or the members of an object, in runs of about `runBytes`; one that is
 * larger comes alone. What stands in a run is not looked into: parsing it tells. Throws `invalid_json`
 * where the brackets around do not match or something follows them.
 */
export async function* jsonRuns(
  bytes: Buffer,
  slices = new Slices(),
  runBytes = SLICE_BYTES,
): AsyncGenerator<JsonRun, void, undefined> {
  const openAt = bytes.findIndex((byte) => !isSpace(byte));
  const close = bytes[openAt] === OPEN_LIST ? CLOSE_LIST : CLOSE_OBJECT;
  let depth = 1;
  let [runAt, childAt, count] = [openAt + 1, openAt + 1, 0];
  let lookAt = SLICE_BYTES;
  for (let at = openAt + 1; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (at >= lookAt) {
      if (slices.isOver) await slices.next();
      lookAt = at + SLICE_BYTES;
    }
    if (depth === 0) {
      if (!isSpace(byte)) throw unexpected('text after the end');
      continue;
    }
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) depth += 1;
    else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth -= 1;
    if (depth > 1 || (depth === 1 && byte !== COMMA)) continue;
    if (depth === 0 && byte !== close) throw unexpected('bracket');
    // A child that is large alone closes the run before it.
    if (count > 0 && at - childAt > runBytes) {
      yield { bytes: bytes.subarray(runAt, childAt - 1), count };
      [runAt, count] = [childAt, 0];
    }
    count += 1;
    childAt = at + 1;
    if (depth === 1 && at - runAt < runBytes) continue;
    const run = { bytes: bytes.subarray(runAt, at), count };
    const isBlank = count === 1 && run.bytes.length <= SLICE_BYTES && run.bytes.every(isSpace);
    if (isBlank && (depth === 1 || runAt > openAt + 1)) throw unexpected('comma');
    if (!isBlank) yield run;
    [runAt, count] = [at + 1, 0];
  }
  if (depth > 0) throw new OmniError('invalid_json', 'not valid JSON: it ends too early');
}

/** Where the string that begins at `at` has its closing quote; the last byte where it has none. */
function endOfString(bytes: Buffer, at: number): number {
  for (let end = at; ;) {
    end = bytes.indexOf(QUOTE, end + 1);
    if (end === -1) return bytes.length - 1;
    let slashes = 0;
    while (bytes[end - 1 - slashes] === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return end;
  }
}

/** The first that is no white space, where that is not endless. */
function firstByte(bytes: Buffer): number | undefined {
  return bytes.subarray(0, SLICE_BYTES).find((byte) => !isSpace(byte));
}

function trimmed(bytes: Buffer): Buffer {
  return bytes.subarray(bytes.findIndex((byte) => !isSpace(byte)));
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function wrapped(before: string, bytes: Buffer, after: string): Buffer {
  return Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]);
}

function unexpected(what: string): OmniError {
  return new OmniError('invalid_json', `not valid JSON: unexpected ${what}`);
}

/** Whether there is nothing but JSON's white space. */
export function isBlank(bytes: Uint8Array): boolean {
  return bytes.every(isSpace);
}
