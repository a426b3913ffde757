/** JSON as it came off the wire. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;
export interface JsonObject {
  [key: string]: JsonValue;
}

/**
 * A product as the shop sent it, validated, without `vector`: `id`, `title`, `category` are always
 * strings; other fields are kept as sent.
 */
export interface Product extends JsonObject {
  id: string;
  title: string;
  category: string;
}

/** Unit-length vectors by name; `text` is what `vector` on the wire is short for. */
export interface NamedVectors {
  text: Float32Array;
}

/** What makes two vectors comparable. */
export interface ModelIdentity {
  /** The model folder's name, or `none`. */
  name: string;
  /** Hash of all that determines the vectors: files, precision, pooling, truncation, product text. */
  fingerprint: string;
  dimensions: number;
}
