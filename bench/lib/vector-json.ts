import { categoryName, rowOf, type VectorSet } from './synthetic.js';

/** Sign, "0." or "1.", six digits and a comma. */
const BYTES_A_COMPONENT = 10;
const ZERO = 0x30;

/**
 * A vector of multiples of 1e-6 as a JSON array. Ten times as fast as JSON.stringify, so that the
 * client is not what a bench of ingestion measures.
 */
export function vectorJson(vector: Float32Array): Buffer {
  const bytes = Buffer.allocUnsafe(2 + vector.length * BYTES_A_COMPONENT);
  let at = 0;
  bytes[at++] = 0x5b; // [
  for (let i = 0; i < vector.length; i += 1) {
    if (i > 0) bytes[at++] = 0x2c; // ,
    at = writeMicros(bytes, at, Math.round((vector[i] ?? 0) * 1e6));
  }
  bytes[at++] = 0x5d; // ]
  return bytes.subarray(0, at);
}

function writeMicros(bytes: Buffer, at: number, micros: number): number {
  let rest = Math.abs(micros);
  if (micros < 0) bytes[at++] = 0x2d; // -
  bytes[at++] = ZERO + Math.floor(rest / 1e6);
  rest %= 1e6;
  bytes[at++] = 0x2e; // .
  for (let digit = 5; digit >= 0; digit -= 1) {
    bytes[at + digit] = ZERO + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  return at + 6;
}

/** Product id of a row. */
export function rowId(row: number): string {
  return `v${String(row)}`;
}

/** The row of such an id. */
export function idRow(id: string): number {
  return Number(id.slice(1));
}

/** A row as a product line with its vector; `attributes` are added to it. */
export function vectorProduct(
  set: VectorSet,
  row: number,
  attributes?: object,
  id = rowId(row),
): Buffer {
  const head = JSON.stringify({
    id,
    title: `Synthetic product ${String(row)}`,
    category: categoryName(set.categories[row] ?? 0),
    ...(attributes === undefined ? {} : { attributes }),
  });
  return withVector(head, rowOf(set, row));
}

/** The body of `POST /search/vector`. */
export function vectorSearch(vector: Float32Array, request: object): Buffer {
  return withVector(JSON.stringify(request), vector);
}

function withVector(object: string, vector: Float32Array): Buffer {
  const head = Buffer.from(`${object.slice(0, -1)},"vector":`);
  return Buffer.concat([head, vectorJson(vector), Buffer.from('}')]);
}
