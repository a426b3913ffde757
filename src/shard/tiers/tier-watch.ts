import type { Bitset } from '../index/bitset.js';
import type { Segment } from '../index/segment.js';
import type { TenantIndex } from '../index/tenant-index.js';
import type { StoreReader } from '../../store/store.js';
import { planTiers, type TierLimits } from './plan-tiers.js';
import { warmRows } from './warm-rows.js';
import { readWarmRule } from './warm-rule.js';

export interface TierOptions extends TierLimits {
  /** How often rows are looked at. */
  everyMs: number;
}

/** What is to be done that rows come to their tier. */
export type TierWork =
  | { kind: 'reopen'; segment: Segment; tier: 'warm' | undefined }
  | { kind: 'move'; from: readonly { segment: Segment; rows: Bitset }[] };

/** Looks from time to time which rows of an index may be warm by its tenant's rule. */
export class TierWatch {
  private dueMs: number;

  constructor(
    private readonly store: Pick<StoreReader, 'records'>,
    private readonly index: TenantIndex,
    private readonly options: TierOptions,
  ) {
    this.dueMs = performance.now() + options.everyMs;
  }

  get isDue(): boolean {
    return performance.now() >= this.dueMs;
  }

  /** Nothing is looked at again before its time: what failed is no reason to try at once. */
  begin(): void {
    this.dueMs = performance.now() + this.options.everyMs;
  }

  /** There may be more to do than what was done. */
  again(): void {
    this.dueMs = 0;
  }

  /** The next step; undefined: every row is where it should be. */
  async next(): Promise<TierWork | undefined> {
    const { store, index, options } = this;
    const rule = await readWarmRule(store, index.tenant, Date.now());
    const { segments } = index;
    if (rule === undefined && !segments.some(({ isWarm }) => isWarm)) return undefined;
    const rows: Bitset[] = [];
    for (const segment of segments) rows.push(await warmRows(segment, rule));
    const sizes = segments.map(({ rows: all, deletes, isWarm }, i) => ({
      rows: all - deletes.count,
      warm: (rows[i] as Bitset).count(),
      isWarm,
    }));
    const step = planTiers(sizes, options);
    if (step === undefined) return undefined;
    if (step.kind === 'reopen') {
      return { ...step, segment: segments[step.segment] as Segment };
    }
    const from = step.segments.map((i) => ({
      segment: segments[i] as Segment,
      rows: rows[i] as Bitset,
    }));
    return { kind: 'move', from };
  }
}
