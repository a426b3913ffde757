import type { ProcessInfo } from '../lib/processes.js';
import type { VectorData } from '../lib/vector-server.js';

/** What every engine is asked for: the nearest rows, of all or of one category. */
export interface PeerQuery {
  vector: Float32Array;
  k: number;
  /** Category number to search in; everything without it. */
  category?: number;
}

/** A running engine behind its own protocol. */
export interface Peer {
  version: string;
  /** Index type, parameters and durability, as a reader needs them to judge the figures. */
  settings: string;
  /** Values of the engine's own knob between speed and recall, ascending; [0] when it has none. */
  efforts: readonly number[];
  setEffort(effort: number): Promise<void>;
  /** Loads the rows, durably, and builds all indexes; returns when the engine says that it is done. */
  load(data: VectorData): Promise<void>;
  /** Row numbers, nearest first. Throws when the engine fails. */
  search(query: PeerQuery): Promise<number[]>;
  /** Its processes; none when it runs elsewhere or in this process. */
  processes(): ProcessInfo[];
  /** Ends it as a crash would and starts it on the same data; absent when it runs elsewhere. */
  crash?: () => Promise<void>;
  close(): Promise<void>;
}

/** How to start an engine, or why this machine cannot. */
export interface PeerEngine {
  name: string;
  /** Undefined when it can be started; else what to install or to set. */
  missing(): string | undefined;
  /** Starts it with an empty data folder. */
  start(options: { folder: string; dimensions: number; seed: number }): Promise<Peer>;
}

/** Runs `work` for each batch of row numbers, in order. */
export async function inBatches(
  count: number,
  size: number,
  work: (rows: number[]) => Promise<unknown>,
): Promise<void> {
  for (let from = 0; from < count; from += size) {
    await work(Array.from({ length: Math.min(size, count - from) }, (_, i) => from + i));
  }
}
