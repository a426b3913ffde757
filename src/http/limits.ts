/** What the HTTP side takes on; each of these is a setting. */
export interface HttpLimits {
  /** Searches worked on at once; a tenant has at most three quarters of the places. */
  searchConcurrency: number;
  /** Searches that wait for a place; those of one tenant at most half. */
  searchQueue: number;
  /** Connections at once: past it the one that was idle longest is closed. */
  maxConnections: number;
  /** One product, or one line of NDJSON. */
  maxProductBytes: number;
  /** Request bodies in memory at once, of writes until they are stored. */
  bodyBytes: number;
  /** A JSON body must be whole by then. */
  bodyTimeoutMs: number;
  /** Less than this from a body that is waited for, and it is given up. */
  bodyMinBytesPerS: number;
  /** Over which that rate is measured. */
  bodyWindowMs: number;
  /** Replies in memory at once. */
  replyBytes: number;
  /** A reply must have been read by then. */
  replyTimeoutMs: number;
  /** A reply of which nothing is read for so long is given up. */
  replyIdleTimeoutMs: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_LIMITS: HttpLimits = {
  searchConcurrency: 128,
  searchQueue: 128,
  maxConnections: 4_096,
  maxProductBytes: MIB,
  bodyBytes: 256 * MIB,
  bodyTimeoutMs: 60_000,
  bodyMinBytesPerS: 1_024,
  bodyWindowMs: 10_000,
  replyBytes: 128 * MIB,
  replyTimeoutMs: 30_000,
  replyIdleTimeoutMs: 10_000,
};

/** A search, by any route but the batch. */
export const SEARCH_BODY_BYTES = MIB;
export const BATCH_BODY_BYTES = 8 * MIB;
/** A rule, or a synonym. */
export const RULE_BODY_BYTES = MIB / 2;
/** A list of products. */
export const LIST_BODY_BYTES = 32 * MIB;
/** Small ones find room in bodies and replies when large ones do not any more. */
export const SMALL_BYTES = MIB / 4;
/** What a write takes at least of the room for bodies, so that their number is bounded, too. */
export const LEAST_WRITE_BYTES = 16 * 1024;
/** Requests of one connection that are not answered yet (pipelined ones). */
export const REQUESTS_OF_CONNECTION = 32;
/** Streams of products at once. */
export const STREAMS_OF_TENANT = 2;
export const STREAMS = 512;
/** Requests that wait until their write is searchable. */
export const WAITS_OF_TENANT = 512;
export const WAITS = 2_048;
/** Smaller replies are sent as they are. */
export const DEFAULT_COMPRESS_MIN_BYTES = 1_000;
export const MAX_HEADERS = 1_000;
