import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Candidate } from './partition-candidates.js';
import { recallOf, type Ask, type PartitionData } from './partition-data.js';
import { mean } from './quality.js';

const WIDTHS = [12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256, 384, 512];
/** From here on, a step that adds less than this is the last. */
const FLAT_FROM = 96;
const FLAT = 0.001;

export interface Tuned {
  width: number;
  recall: number;
}

/**
 * The smallest width at which a candidate reaches `target` recall@k over all queries, else the one
 * after which more no longer helps.
 */
export async function tune(
  data: PartitionData,
  candidate: Candidate,
  ask: Ask,
  k: number,
  target: number,
): Promise<Tuned> {
  const fixed = ask === 'all' ? candidate.width : undefined;
  let tried: Tuned = { width: 0, recall: 0 };
  for (const width of fixed === undefined ? WIDTHS : [fixed]) {
    const recall = mean(
      findAll(data, candidate, ask, width).map((rows, i) => recallOf(data, ask, i, rows, k)),
    );
    await nextTurn();
    const isFlat = width > FLAT_FROM && recall < tried.recall + FLAT;
    tried = { width, recall };
    if (recall >= target || isFlat) break;
  }
  return tried;
}

/** CPU of the process per search, microseconds, over all queries once. */
export function cpuUs(data: PartitionData, candidate: Candidate, ask: Ask, width: number): number {
  const before = process.cpuUsage();
  findAll(data, candidate, ask, width);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / data.queries.length;
}

function findAll(
  { queries, asks }: PartitionData,
  candidate: Candidate,
  ask: Ask,
  width: number,
): (readonly number[])[] {
  const { categories } = asks[ask];
  return queries.map((query, i) => candidate.find(query, categories?.[i], width));
}
