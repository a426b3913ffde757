/** What is kept of a work in chunks: of one tenant, under a name of `[a-z0-9.-]`. */
export interface SpoolName {
  tenant: string;
  name: string;
}

export interface SpoolState extends SpoolName {
  /** The highest number of a chunk. */
  last: number;
}

/** Bytes that a background work goes through once, in chunks of at most some megabytes; removed when it has ended. */
export interface Spool {
  /** Durable once it resolves; takes the place of the chunk of that number. Numbers count from 0. */
  put(at: SpoolName, chunk: number, bytes: Uint8Array): Promise<void>;
  get(at: SpoolName, chunk: number): Promise<Buffer | undefined>;
  /** All there are after `after`, by tenant and name in byte order. */
  list(after: SpoolName | undefined, limit: number): Promise<SpoolState[]>;
  /** Removes at most `limit` chunks; true when nothing is left. */
  remove(at: SpoolName, limit: number): Promise<boolean>;
}

const DIGITS = 8;
/** Between name and number; no name has it. */
const SEPARATOR = '/';
/** The character after it. */
const BEHIND = '0';

/** A chunk's key within its tenant: in the order of names, then numbers. */
export function chunkKey(name: string, chunk: number): string {
  return name + SEPARATOR + chunk.toString(16).padStart(DIGITS, '0');
}

/** The first key behind all chunks of `name`. */
export function behindChunks(name: string): string {
  return name + BEHIND;
}

/** The name and number of a `chunkKey`. */
export function chunkOf(key: string): { name: string; chunk: number } {
  const at = key.lastIndexOf(SEPARATOR);
  return { name: key.slice(0, at), chunk: Number.parseInt(key.slice(at + 1), 16) };
}
