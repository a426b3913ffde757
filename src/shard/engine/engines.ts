import type { EngineName, GraphEngine } from './graph.js';
import { hnswlibEngine } from './hnswlib.js';
import { usearchEngine } from './usearch.js';

/** Every engine that a segment may name. docs/decisions/0011 has why usearch is the default. */
export const ENGINES: Record<EngineName, GraphEngine> = {
  usearch: usearchEngine,
  hnswlib: hnswlibEngine,
};
