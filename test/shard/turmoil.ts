import { heldBy, place, replicate } from '../store/place.js';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect } from 'vitest';
import { entryOf } from '../../src/core/price-entries.js';
import { OmniError } from '../../src/core/errors.js';
import { TopK } from '../../src/core/top-k.js';
import { score } from '../../src/core/vector.js';
import { DocumentFilter } from '../../src/filter/evaluate.js';
import type { Filter } from '../../src/filter/filter.js';
import { firstPartition } from '../../src/placement/partition.js';
import { movedTo } from '../../src/placement/reassign.js';
import {
  buildingOn,
  isSettled,
  withoutLeaving,
  withUnasked,
  withServing,
} from '../../src/placement/replica-steps.js';
import { encodePartitions } from '../../src/protocol/partition-list.js';
import { shardField } from '../../src/query/listed-field.js';
import { vectorBytes } from '../../src/query/leaf-query.js';
import type { JsonObject } from '../../src/core/product.js';
import { ShardNode } from '../../src/shard/node/shard-node.js';
import type { OfferedFiles } from '../../src/shard/peer/offered-files.js';
import type { PeerCalls } from '../../src/shard/peer/peer-calls.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import { groupOf } from '../../src/store/partition-map.js';
import type { Partition, ProductWrite, Store, StoredRow } from '../../src/store/store.js';
import { randomVector, seeded } from '../e2e/catalogue.js';
import {
  askNode,
  BUILD_WORKER,
  DIMENSIONS,
  HOSTING,
  MODEL,
  put,
  remove,
  type LookReply,
} from './shard-fixture.js';
import { slowReader } from './slow-reader.js';

export const SHARDS = ['s1', 's2'];
/** On which of them a partition may lie. */
const SETS = [['s1'], ['s2'], ['s1', 's2']];
const TENANTS = ['shop', 'other'];
const CATEGORIES = ['Mice', 'Shoes', 'Pans'];
const LIST = 2;
/** The field by which a shard knows the price of the list. */
const LISTED = shardField('price', LIST);
const FILTERS: (Filter | undefined)[] = [
  undefined,
  { kind: 'range', field: 'price', op: 'lt', value: 6 },
  { kind: 'range', field: LISTED, op: 'lt', value: 5 },
  { kind: 'not', of: { kind: 'in', field: 'attributes.Colour', values: ['red', 'blue'] } },
  {
    kind: 'or',
    of: [
      { kind: 'in', field: 'tags', values: ['a', 3] },
      { kind: 'in', field: 'attributes.Colour', values: ['green'] },
    ],
  },
];

/** Two nodes over one store that answers late, and what the store holds as the truth. */
export class Turmoil {
  private readonly nodes = new Map<string, ShardNode>();
  /** Rows by tenant and id. */
  readonly rows = new Map<string, Map<string, StoredRow>>(TENANTS.map((t) => [t, new Map()]));
  recall = { found: 0, wanted: 0 };
  /** Offers that were made. */
  copied = 0;

  private constructor(
    private readonly dir: string,
    readonly store: Store,
    readonly random: () => number,
    private readonly idleMs: number,
    private readonly copies: boolean,
  ) {}

  /**
   * @param idleMs without a search for so long, tenants fall asleep
   * @param copies what is built is copied from the other shard, where that has sealed it
   */
  static async open(seed: number, idleMs = 1e9, copies = false): Promise<Turmoil> {
    const dir = mkdtempSync(join(tmpdir(), 'omnisearch-turmoil-'));
    const store = await openLmdbStore({ dir: join(dir, 'store') });
    const turmoil = new Turmoil(dir, store, seeded(seed), idleMs, copies);
    for (const tenant of TENANTS) {
      const partitions = CATEGORIES.map((c, i) => firstPartition(c, SETS[i] as string[]));
      await place(store, tenant, partitions);
    }
    for (const shard of SHARDS) await turmoil.start(shard);
    return turmoil;
  }

  async close(): Promise<void> {
    for (const node of this.nodes.values()) await node.close();
    await this.store.close();
    rmSync(this.dir, { recursive: true });
  }

  /** Closes the shard and opens it again, from its files or from nothing. */
  async restart(shard: string, empty: boolean): Promise<void> {
    await this.nodes.get(shard)?.close();
    if (empty) rmSync(join(this.dir, shard), { recursive: true, force: true });
    await this.start(shard);
  }

  private async start(shard: string): Promise<void> {
    const node = new ShardNode(
      slowReader(this.store, () => Math.floor(this.random() ** 4 * 6)),
      {
        shard,
        dataDir: join(this.dir, shard),
        model: MODEL,
        dimensions: DIMENSIONS,
        segment: {
          graphMinRows: 12,
          graph: { engine: 'usearch', M: 8, efConstruction: 60 },
          ef: { target: 0.95, min: 64, max: 64 },
        },
        merge: {
          tailRows: 16,
          fanout: 2,
          maxDeadShare: 0.2,
          maxSegmentRows: 1e6,
          replayEntries: 150,
        },
        hosting: { ...HOSTING, pollMs: 5, idleMs: this.idleMs },
        reconcile: { intervalMs: 1, cpuShare: 1 },
        peers: this.copies ? { calls: this.calls(), bytesPerS: 1e9, minRows: 1 } : undefined,
        buildWorkerFile: BUILD_WORKER,
      },
      pino({ level: 'silent' }),
    );
    await node.start();
    this.nodes.set(shard, node);
  }

  /** Straight to the other shards, of which any may be away. */
  private calls(): PeerCalls {
    const peer = (name: string): ShardNode => {
      const node = this.nodes.get(name);
      if (node === undefined) throw new OmniError('unavailable', 'not there yet');
      return node;
    };
    const transfers = new Map<string, OfferedFiles>();
    return {
      offer: async (node, tenant, generation) => {
        const { files } = peer(node);
        const offered = peer(node).offer({ type: 'offer', tenant, generation });
        transfers.set(offered.transfer, files);
        this.copied += 1;
        return Promise.resolve(offered);
      },
      read: async (_, range) => {
        const bytes = await transfers.get(range.transfer)?.read({ type: 'read', ...range });
        return bytes ?? new Uint8Array();
      },
      end: (_, transfer) => transfers.get(transfer)?.end(transfer),
    };
  }

  /** A batch of upserts, moves of category, deletes, and prices of a list. */
  async write(): Promise<void> {
    const tenant = this.pick(TENANTS);
    const held = this.rows.get(tenant) as Map<string, StoredRow>;
    const writes = new Map<string, ProductWrite>(
      Array.from({ length: 1 + Math.floor(this.random() * 30) }, () => {
        const id = `p${Math.floor(this.random() * 120)}`;
        if (this.random() < 0.3) return [id, this.price(id)];
        if (this.random() < 0.25) return [id, remove(id)];
        const vector = randomVector(this.random, DIMENSIONS);
        return [id, put(id, this.pick(CATEGORIES), vector, this.fields())];
      }),
    );
    await this.store.write(tenant, [...writes.values()]);
    const ids = [...writes.keys()];
    const rows = await this.store.rows(tenant, ids);
    ids.forEach((id, i) => {
      const row = rows[i];
      if (row === undefined) held.delete(id);
      else held.set(id, row);
    });
    for (const node of this.nodes.values()) node.nudge(tenant);
  }

  /** A partition is to lie elsewhere: what comes is built, what goes stays meanwhile. */
  async move(): Promise<void> {
    const tenant = this.pick(TENANTS);
    const { partitions, counter } = await this.store.placement(tenant);
    const partition = this.pick(partitions);
    const replicas = movedTo(this.pick(SETS), partition.replicas, new Set(SHARDS), counter + 1);
    await replicate(this.store, tenant, partition, replicas);
  }

  /** What is built by `budgetMs` comes to serve, and that goes in whose place it came. */
  async settle(tenant = this.pick(TENANTS), budgetMs = 20): Promise<void> {
    const { partitions } = await this.store.placement(tenant);
    for (const [name, building] of buildingOn(partitions)) {
      const mark = await this.store.head(tenant);
      const named = encodePartitions(building);
      const wait = { type: 'await' as const, tenant, mark, partitions: named, budgetMs };
      if (!(await this.nodes.get(name)?.awaitApplied(wait))) continue;
      await this.replace(tenant, (all) => withServing(all, name, building));
    }
    await this.replace(tenant, (all) => withoutLeaving(withUnasked(all)));
  }

  private async replace(
    tenant: string,
    next: (partitions: readonly Partition[]) => readonly Partition[],
  ): Promise<void> {
    const { partitions, counter } = await this.store.placement(tenant);
    expect(await this.store.replacePlacement(tenant, next(partitions), counter)).toBe(true);
  }

  async purge(): Promise<void> {
    await this.store.purgeTombstones(Date.now() + 1_000);
  }

  /** A search in the middle of everything: it may be refused, never wrong in form. */
  async glance(): Promise<void> {
    const tenant = this.pick(TENANTS);
    const query = this.query();
    const { partitions } = await this.store.placement(tenant);
    for (const [shard, asked] of this.spread(partitions)) {
      const { hits } = await this.ask(shard, tenant, asked, query, this.pick(FILTERS), true);
      expect(new Set(hits.ids).size).toBe(hits.ids.length);
    }
  }

  /** Each of the partitions with any node that may be asked for it. */
  private spread(partitions: readonly Partition[]): Map<string, Partition[]> {
    const byNode = new Map<string, Partition[]>();
    for (const partition of partitions) {
      const node = this.pick(groupOf(partition).asked);
      byNode.set(node, [...(byNode.get(node) ?? []), partition]);
    }
    return byNode;
  }

  /** All shards together say what a scan of the store says, and never thought otherwise. */
  async check(): Promise<void> {
    for (const node of this.nodes.values()) {
      expect(node.status().reconciliation?.reconciled).toBe(0);
    }
    for (const tenant of TENANTS) {
      await this.settle(tenant, 20_000);
      const { mark } = await this.store.write(tenant, []);
      const { partitions } = await this.store.placement(tenant);
      for (const [name, node] of this.nodes) {
        // One that has restarted may have to build again what it serves.
        const named = encodePartitions(heldBy(name, partitions));
        const wait = { type: 'await' as const, tenant, mark, partitions: named };
        expect(await node.awaitApplied({ ...wait, budgetMs: 20_000 })).toBe(true);
      }
      expect(isSettled(partitions)).toBe(true);
      for (const filter of FILTERS) {
        const query = this.query();
        const truth = this.truth(tenant, query, filter);
        expect(await this.askAll(tenant, partitions, query, filter, true)).toEqual(truth);
        const near = await this.askAll(tenant, partitions, query, filter, false, 10);
        const best = new Set(truth.slice(0, 10).map(({ id }) => id));
        this.recall.wanted += best.size;
        this.recall.found += near.filter(({ id }) => best.has(id)).length;
      }
    }
  }

  private truth(tenant: string, query: Float32Array, filter: Filter | undefined): Hit[] {
    const top = new TopK<Hit>(1_000);
    for (const { product, version, vectors, prices } of this.rows.get(tenant)?.values() ?? []) {
      const price = entryOf(prices, LIST)?.price ?? product['price'];
      const shown = { ...product, ...(price === undefined ? {} : { [LISTED]: price }) };
      if (filter !== undefined && !new DocumentFilter(filter).matches(shown)) continue;
      top.offer({ id: product.id, score: score(query, vectors.text), version });
    }
    return top.sorted();
  }

  private async askAll(
    tenant: string,
    partitions: readonly Partition[],
    query: Float32Array,
    filter: Filter | undefined,
    exact: boolean,
    k = 1_000,
  ): Promise<Hit[]> {
    const top = new TopK<Hit>(k);
    for (const [shard, asked] of this.spread(partitions)) {
      const { hits, refused } = await this.ask(shard, tenant, asked, query, filter, exact, k);
      expect(refused).toEqual([]);
      hits.ids.forEach((id, i) => {
        top.offer({
          id,
          version: hits.versions[i] as number,
          score: hits.scores.vector?.[i] as number,
        });
      });
    }
    return top.sorted();
  }

  private ask(
    shard: string,
    tenant: string,
    asked: readonly Partition[],
    query: Float32Array,
    filter: Filter | undefined,
    exact: boolean,
    k = 1_000,
  ): Promise<LookReply> {
    const view = filter === undefined ? { k } : { k, filter };
    return askNode(this.nodes.get(shard) as ShardNode, {
      type: 'search',
      tenant,
      counter: 0,
      group: '',
      partitions: encodePartitions(asked),
      model: MODEL,
      query: { vector: vectorBytes(query), views: [view], exact },
      budgetMs: 10_000,
    });
  }

  private price(id: string): ProductWrite {
    const entry = this.random() < 0.2 ? undefined : { price: Math.floor(this.random() * 10) };
    return { op: 'price', id, list: LIST, entry };
  }

  private fields(): JsonObject {
    const { random } = this;
    return {
      ...(random() < 0.8 ? { price: Math.floor(random() * 10) } : {}),
      ...(random() < 0.3 ? { tags: [this.pick(['a', 'b', 'c']), Math.floor(random() * 4)] } : {}),
      ...(random() < 0.5 ? { attributes: { Colour: this.pick(['red', 'green', 'blue']) } } : {}),
    };
  }

  private query(): Float32Array {
    const vector = randomVector(this.random, DIMENSIONS);
    const length = Math.hypot(...vector);
    return Float32Array.from(vector, (value) => value / length);
  }

  private pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.random() * values.length)] as T;
  }
}

interface Hit {
  id: string;
  score: number;
  version: number;
}
