import { Budget } from '../../core/budget.js';
import { Deadline } from '../../core/deadline.js';
import { openSegment } from '../../shard/index/open-segment.js';
import type { SegmentRecord } from '../../shard/index/segment-record.js';
import { TenantIndex } from '../../shard/index/tenant-index.js';
import { CostModel } from '../../shard/leaf/cost-model.js';
import { leafSearch } from '../../shard/leaf/leaf-search.js';
import { PartitionSet, WHOLE } from '../../shard/leaf/partition-set.js';
import { DEFAULT_TEXT_SETTINGS } from '../../text/default-settings.js';

const K = 10;
const WARM_UP_SHARE = 0.25;

/** A sealed segment, and what it is searched for. */
export interface SegmentTask {
  folder: string;
  record: SegmentRecord;
  queries: Float32Array[];
}

/** What a search through all its rows takes, microseconds of a core. @param onOpened after the first, which reads what is read once */
export async function searchSegment(
  { folder, record, queries: vectors }: SegmentTask,
  onOpened: () => Promise<void>,
): Promise<number> {
  const { dimensions } = record;
  const index = new TenantIndex('calibrate', 'm', dimensions, DEFAULT_TEXT_SETTINGS);
  const segment = await openSegment(folder, record);
  index.segments = [segment];
  const costs = new CostModel();
  const ask = async (vector: Float32Array): Promise<void> => {
    const request = { vector, filter: undefined, k: K, exact: false, costs };
    const searcher = index.searcher();
    const budget = new Budget(Deadline.after(Infinity));
    await leafSearch(searcher, new PartitionSet(() => WHOLE), request, budget);
    searcher.release();
  };
  const warming = Math.floor(vectors.length * WARM_UP_SHARE);
  try {
    for (const vector of vectors.slice(0, 1)) await ask(vector);
    await onOpened();
    for (const vector of vectors.slice(0, warming)) await ask(vector);
    const before = process.cpuUsage();
    for (const vector of vectors.slice(warming)) await ask(vector);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / (vectors.length - warming);
  } finally {
    await segment.close();
  }
}
