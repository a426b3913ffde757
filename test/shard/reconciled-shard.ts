import { place } from '../store/place.js';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { firstPartition } from '../../src/placement/partition.js';
import { DEFAULT_TEXT_SETTINGS } from '../../src/text/default-settings.js';
import { Builder } from '../../src/shard/build/builder.js';
import { Follower } from '../../src/shard/follow/follower.js';
import { ReconcileSchedule } from '../../src/shard/follow/reconcile-schedule.js';
import { SegmentKeeper } from '../../src/shard/index/segment-keeper.js';
import { TenantIndex } from '../../src/shard/index/tenant-index.js';
import type { Store } from '../../src/store/store.js';
import { BUILD_WORKER, DIMENSIONS, MODEL } from './shard-fixture.js';
import { slowReader } from './slow-reader.js';

export const TENANT = 'shop';

/** The follower of shard `s1` and its reconciler, over any store, with the index open to damage. */
const CALM = { isBusy: () => false, isCalm: () => true };

export class ReconciledShard {
  readonly log: string[] = [];
  follower: Follower;
  reconciler: ReconcileSchedule;
  private readonly dir = mkdtempSync(join(tmpdir(), 'omnisearch-reconciled-'));

  /** @param turns how many turns late the store answers */
  constructor(
    private readonly store: Store,
    private readonly builder: Builder,
    private readonly turns: () => number = () => 0,
  ) {
    [this.follower, this.reconciler] = this.start();
  }

  static builder(): Builder {
    return new Builder(BUILD_WORKER);
  }

  static async place(store: Store, category: string, shard = 's1'): Promise<void> {
    await place(store, TENANT, [firstPartition(category, [shard])]);
  }

  get index(): TenantIndex {
    return this.follower.index;
  }

  async restart(): Promise<void> {
    await this.stop();
    [this.follower, this.reconciler] = this.start();
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.dir, { recursive: true });
  }

  /** Everything written by now is applied, and nothing is being compared. */
  async settle(): Promise<void> {
    const { mark } = await this.store.write(TENANT, []);
    if (!(await this.follower.awaitApplied(mark, 20_000))) throw new Error('never applied');
  }

  /** One more comparison, from its start on. */
  async check(): Promise<void> {
    const { checks } = this.reconciler.report();
    // The first may have begun before.
    for (let i = 0; i < 4_000 && this.reconciler.report().checks < checks + 2; i++) {
      this.reconciler.tick();
      await sleep(5);
    }
    if (this.reconciler.report().checks < checks + 2) throw new Error('never compared');
    await this.settle();
  }

  /** Versions of the searched rows by id. */
  held(): Record<string, number> {
    const held: Record<string, number> = {};
    for (const block of this.index.blocks()) {
      for (let row = 0; row < block.rows; row++) {
        if (block.dead.has(row)) continue;
        if (!this.follower.assignment.ownsHash(block.categoryOf(row), block.hash(row))) continue;
        held[block.id(row)] = block.version(row);
      }
    }
    return held;
  }

  private start(): [Follower, ReconcileSchedule] {
    const logger = pino({ level: 'warn' }, { write: (line: string) => void this.log.push(line) });
    const index = new TenantIndex(TENANT, MODEL, DIMENSIONS, DEFAULT_TEXT_SETTINGS);
    const options = {
      folder: join(this.dir, 'shard'),
      storeId: this.store.storeId,
      terms: 'words',
      segment: {
        graphMinRows: 1e9,
        ef: { target: 0.95, min: 64, max: 64 },
        graph: { engine: 'usearch' as const, M: 8, efConstruction: 60 },
      },
      merge: {
        tailRows: 20,
        fanout: 2,
        maxDeadShare: 0.2,
        maxSegmentRows: 1e6,
        replayEntries: 1_000,
      },
    };
    const keeper = new SegmentKeeper(index, this.builder, options, logger);
    const reader = slowReader(this.store, this.turns);
    const follower = new Follower('s1', reader, index, keeper, logger);
    const reconciler = new ReconcileSchedule({ intervalMs: 0.001, cpuShare: 1 }, reader, CALM);
    follower.start();
    reconciler.watch(follower, logger);
    return [follower, reconciler];
  }

  private async stop(): Promise<void> {
    await Promise.all([this.reconciler.close(), this.follower.stop()]);
  }
}
