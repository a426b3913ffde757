import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { AwaitedNodes } from '../../src/placement/until-searchable.js';
import { encodePartitions } from '../../src/protocol/partition-list.js';
import { ShardNode } from '../../src/shard/node/shard-node.js';
import type { StoreReader } from '../../src/store/store.js';
import { BUILD_WORKER, DIMENSIONS, HOSTING, MODEL } from '../shard/shard-fixture.js';
import { Mortal } from './mortal.js';

/** Longer than anything here takes; what is dead is not waited for. */
const WAIT_MS = 10_000;
const AGAIN_MS = 5;

interface Shard {
  node: ShardNode;
  mortal: Mortal;
  /** What it leaves, should it die: as it is in that moment. */
  dir: string;
  nextDir: string;
}

/** Shard processes that can be killed between any two of their questions to the store. */
export class CrashShards {
  private readonly shards = new Map<string, Shard>();
  private lives = 0;

  constructor(
    private readonly store: StoreReader,
    private readonly dir: string,
  ) {}

  async start(name: string, dir = this.newDir(name)): Promise<void> {
    const nextDir = this.newDir(name);
    const mortal = new Mortal(() => copyFiles(dir, nextDir));
    const options = {
      ...{ shard: name, dataDir: dir, model: MODEL, dimensions: DIMENSIONS },
      segment: {
        graphMinRows: 1e6,
        graph: { engine: 'usearch' as const, M: 8, efConstruction: 60 },
        ef: { target: 0.95, min: 64, max: 64 },
      },
      merge: {
        ...{ tailRows: 20, fanout: 3, maxDeadShare: 0.2 },
        ...{ maxSegmentRows: 1e6, replayEntries: 60 },
      },
      hosting: { ...HOSTING, pollMs: 5 },
      buildWorkerFile: BUILD_WORKER,
    };
    const node = new ShardNode(mortal.reach(this.store), options, pino({ level: 'silent' }));
    this.shards.set(name, { node, mortal, dir, nextDir });
    await Promise.race([node.start(), mortal.died]);
  }

  mortal(name: string): Mortal {
    return this.shard(name).mortal;
  }

  node(name: string): ShardNode {
    return this.shard(name).node;
  }

  folder(name: string): string {
    return this.shard(name).dir;
  }

  /** Starts those anew that are dead, on what they have left. */
  async revive(): Promise<void> {
    for (const [name, { mortal, nextDir }] of [...this.shards]) {
      if (!mortal.isDead) continue;
      await this.end(name);
      await this.start(name, nextDir);
    }
  }

  nudge(tenant: string): void {
    for (const { node, mortal } of this.shards.values()) if (!mortal.isDead) node.nudge(tenant);
  }

  /** As a fleet does: what rejects is asked again, what is dead has not applied it. */
  readonly awaitApplied: AwaitedNodes['awaitApplied'] = async (name, awaited, timeoutMs) => {
    const { node, mortal } = this.shard(name);
    const { tenant, mark, partitions = [] } = awaited;
    const wait = { type: 'await' as const, tenant, mark, partitions: encodePartitions(partitions) };
    const budgetMs = Math.min(timeoutMs, WAIT_MS);
    for (const endsAtMs = performance.now() + budgetMs; performance.now() < endsAtMs;) {
      if (mortal.isDead) return false;
      const applied = node.awaitApplied({ ...wait, budgetMs }).catch(() => undefined);
      const isApplied = await Promise.race([applied, mortal.died.then(() => false)]);
      if (isApplied !== undefined) return isApplied;
      await sleep(AGAIN_MS);
    }
    return false;
  };

  async close(): Promise<void> {
    for (const name of this.shards.keys()) await this.end(name);
  }

  private async end(name: string): Promise<void> {
    const { node, mortal, dir } = this.shard(name);
    if (mortal.isDead) mortal.bury();
    await node.close();
    if (mortal.isDead) rmSync(dir, { recursive: true, force: true });
  }

  private shard(name: string): Shard {
    const shard = this.shards.get(name);
    if (shard === undefined) throw new Error(`there is no shard ${name}`);
    return shard;
  }

  private newDir(name: string): string {
    return join(this.dir, `${name}-${++this.lives}`);
  }
}

/** What is on disk in this turn; threads may write and remove files meanwhile. */
function copyFiles(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of unlessGone(() => readdirSync(from, { withFileTypes: true })) ?? []) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyFiles(source, target);
    else unlessGone(() => copyFileSync(source, target));
  }
}

function unlessGone<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
