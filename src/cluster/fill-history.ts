import { DAY_MS } from '../core/days.js';
import type { JsonObject } from '../core/product.js';
import type { RecordStore } from '../store/record-store.js';
import type { ClusterNode, ClusterNodes } from './cluster-nodes.js';

/** One record has all days. */
const FILL_KIND = 'fill of nodes';
const FILL_ID = 'days';
const MAX_DAYS = 30;

/** What the shard nodes had on one day. */
export interface DayFill {
  /** Days since the epoch, in UTC. */
  day: number;
  /** Of rows that are there, on all nodes together. */
  bytes: number;
  capacityBytes: number;
}

interface Deps {
  records: RecordStore;
  nodes: Pick<ClusterNodes, 'all'>;
  /** Epoch milliseconds; injectable for virtual clocks. */
  now?: () => number;
}

/** How full all shard nodes together were, once a day, the last 30 of them. */
export class FillHistory {
  private readonly now: () => number;

  constructor(private readonly deps: Deps) {
    this.now = deps.now ?? Date.now;
  }

  get today(): number {
    return Math.floor(this.now() / DAY_MS);
  }

  /** Notes today, unless that is done, or not all can be told now: the next look may. Of two that note it one does. */
  async note(): Promise<void> {
    const { records } = this.deps;
    const stored = await records.get(FILL_KIND, FILL_ID);
    const days = daysOf(stored?.value);
    const { today: day } = this;
    if ((days.at(-1)?.day ?? -Infinity) >= day) return;
    const fill = fillOf(await this.deps.nodes.all());
    if (fill === undefined) return;
    const kept = [...days, { day, ...fill }].slice(-MAX_DAYS);
    const value = { days: kept.map((each) => ({ ...each })) };
    await records.put(FILL_KIND, FILL_ID, value, stored?.revision ?? 0);
  }

  /** Oldest first. */
  async days(): Promise<DayFill[]> {
    return daysOf((await this.deps.records.get(FILL_KIND, FILL_ID))?.value);
  }
}

function daysOf(value: JsonObject | undefined): DayFill[] {
  return (value?.['days'] ?? []) as unknown as DayFill[];
}

/** Undefined where a node is silent, has not read all that it holds, or does not say what it may hold. */
function fillOf(all: readonly ClusterNode[]): Omit<DayFill, 'day'> | undefined {
  const nodes = all.filter(({ isDrained, isGone }) => !isDrained && !isGone);
  let [bytes, capacityBytes] = [0, 0];
  for (const node of nodes) {
    if (!node.isAlive || !node.isReady || node.capacityBytes === undefined) return undefined;
    bytes += node.liveBytes;
    capacityBytes += node.capacityBytes;
  }
  return nodes.length === 0 ? undefined : { bytes, capacityBytes };
}
