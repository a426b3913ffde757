import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { firstPartition } from '../../src/placement/partition.js';
import type { ShardNode } from '../../src/shard/node/shard-node.js';
import type { ShardNodeOptions } from '../../src/shard/node/shard-node-options.js';
import { vectorBytes } from '../../src/query/leaf-query.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import type { ProductWrite, Store, StoreReader } from '../../src/store/store.js';
import { place } from '../store/place.js';
import { HOSTING, put, searchNode, startNode, type LookReply } from './shard-fixture.js';

export const VECTOR = [1, 0, 0, 0, 0, 0, 0, 0];

/** A shard `s1` of many small tenants, with every call that it makes of the store. */
export class ManyTenants {
  /** Names of the methods called, and the tenants they were called for. */
  readonly calls: { name: string; tenant: unknown }[] = [];
  readonly log: string[] = [];
  private constructor(
    readonly dir: string,
    readonly store: Store,
    private readonly options: Partial<ShardNodeOptions>,
    public node: ShardNode,
    private readonly reader: (store: Store) => StoreReader,
  ) {}

  static async open(
    options: Partial<ShardNodeOptions> = {},
    prepare: (store: Store) => Promise<void> = async () => undefined,
    reader: (store: Store) => StoreReader = (store) => store,
  ): Promise<ManyTenants> {
    const dir = mkdtempSync(join(tmpdir(), 'omnisearch-tenants-'));
    const store = await openLmdbStore({ dir: join(dir, 'store') });
    await prepare(store);
    const many = new ManyTenants(dir, store, options, undefined as unknown as ShardNode, reader);
    await many.start();
    return many;
  }

  private async start(): Promise<void> {
    const { calls } = this;
    const counted = new Proxy(this.reader(this.store), {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        const method = member.bind(target) as (...args: unknown[]) => unknown;
        // These compute, or tell what was noted; they do not read.
        if (name === 'covers' || name === 'damaged') return method;
        return (...args: unknown[]) => {
          calls.push({ name: String(name), tenant: args[0] });
          return method(...args);
        };
      },
    });
    this.node = await startNode(counted, join(this.dir, 'shard'), this.log, {
      merge: MERGE,
      ...this.options,
    });
  }

  async restart(meanwhile: () => void = () => undefined): Promise<void> {
    await this.node.close();
    meanwhile();
    await this.start();
  }

  async close(): Promise<void> {
    await this.node.close();
    await this.store.close();
    rmSync(this.dir, { recursive: true });
  }

  /** Names of what lies in the shard's folder. */
  folders(): string[] {
    try {
      return readdirSync(join(this.dir, 'shard'));
    } catch {
      return [];
    }
  }

  async write(tenant: string, writes: readonly ProductWrite[]): Promise<void> {
    await this.store.write(tenant, writes);
    this.node.nudge(tenant);
  }

  async awaitApplied(tenant: string): Promise<boolean> {
    const { mark } = await this.store.write(tenant, []);
    return this.node.awaitApplied({ type: 'await', tenant, mark, budgetMs: 10_000 });
  }

  /** Every product of the tenant here, as a query node asks for it. */
  async search(tenant: string): Promise<LookReply> {
    const query = {
      vector: vectorBytes(Float32Array.from(VECTOR)),
      views: [{ k: 10_000 }],
      exact: true,
    };
    return searchNode(this.node, this.store, tenant, query);
  }

  async idsOf(tenant: string): Promise<string[]> {
    const { hits, refused } = await this.search(tenant);
    if (refused.length > 0) throw new Error(JSON.stringify(refused));
    return [...hits.ids].sort();
  }

  async until(what: () => boolean, name: string): Promise<void> {
    for (let i = 0; i < 1_000; i++) {
      if (what()) return;
      await sleep(10);
    }
    throw new Error(`never: ${name}`);
  }

  async asleep(): Promise<void> {
    await this.until(() => this.node.openTenants === 0, 'all asleep');
  }
}

/** As it is by default: a small tenant never has a segment. */
const MERGE = {
  tailRows: 4_096,
  fanout: 8,
  maxDeadShare: 0.2,
  maxSegmentRows: 1e6,
  replayEntries: 10_000,
};

/** Goes to sleep as soon as it may. */
export const SLEEPY = { ...HOSTING, pollMs: 5, idleMs: 0 };

/** Tenants `t0` … with a partition on `s1` and `products` of each. */
export async function fill(store: Store, tenants: number, products: number): Promise<void> {
  const names = Array.from({ length: tenants }, (_, t) => `t${t}`);
  await Promise.all(names.map((name) => place(store, name, [firstPartition('Mice', ['s1'])])));
  await Promise.all(names.map((name) => store.write(name, someProducts(products))));
}

export function someProducts(count: number, from = 0): ProductWrite[] {
  return Array.from({ length: count }, (_, i) => put(`p${from + i}`, 'Mice', VECTOR));
}
