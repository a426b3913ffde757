import type { SegmentRecord } from '../../src/shard/index/segment-record.js';

/** What the bench tells a process that holds an index. */
export type Order =
  | { kind: 'open'; folder: string; records: SegmentRecord[]; dimensions: number }
  | { kind: 'search'; of: SearchKind; queries: Float32Array[] }
  | { kind: 'memory' }
  | { kind: 'evict' };

export type SearchKind = 'nearest' | 'exact' | 'in stock';

export interface Searched {
  ms: number[];
  /** Ids with scores, as text. */
  answers: string[];
}

export interface Memory {
  /** Copied: what the system can take back only by writing it to swap. */
  anonBytes: number;
  /** Of mapped files, what is in memory now; it goes when others need it. */
  fileBytes: number;
}
