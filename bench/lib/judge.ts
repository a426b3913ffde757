import { exactNeighbours } from './exact.js';
import type { OmniServer } from './omni-server.js';
import type { Progress } from './progress.js';
import { recall } from './quality.js';
import { mustSearch } from './search.js';
import type { VectorSet } from './synthetic.js';
import { idRow, vectorSearch } from './vector-json.js';

/** Queries with one filter, and the rows that it leaves. */
export interface JudgedGroup {
  queries: readonly Float32Array[];
  /** As it goes on the wire. */
  filter?: object | undefined;
  /** What `filter` matches; all without it. */
  rows?: Uint32Array | undefined;
}

/** Recall@k of a server over vectors, a figure a query; `onReply` hears how long each took. */
export async function judge(
  server: OmniServer,
  base: VectorSet,
  { queries, filter, rows }: JudgedGroup,
  k: number,
  progress: Progress,
  onReply: (tookMs: number) => void = () => undefined,
): Promise<number[]> {
  const truth = exactNeighbours(base, queries, Math.min(k, rows?.length ?? base.count), rows);
  const recalls: number[] = [];
  for (const [i, query] of queries.entries()) {
    const request = vectorSearch(query, { top_k: k, fields: [], ...(filter && { filter }) });
    const startMs = performance.now();
    const { hits } = await mustSearch(server.client, '/search/vector', request);
    onReply(performance.now() - startMs);
    const found = hits.map(({ id }) => idRow(id));
    recalls.push(recall(found, truth[i]?.rows ?? []));
    progress.add();
  }
  return recalls;
}
