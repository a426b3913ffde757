import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { Budget } from '../../src/core/budget.js';
import { Deadline } from '../../src/core/deadline.js';
import { encodePartitions } from '../../src/protocol/partition-list.js';
import type { LeafQuery } from '../../src/query/leaf-query.js';
import { ShardPeers } from '../../src/shard-client/shard-peers.js';
import type { Manifest } from '../../src/shard/index/manifest.js';
import type { ShardNode } from '../../src/shard/node/shard-node.js';
import { ShardServer } from '../../src/shard/node/shard-server.js';
import type { PeerCalls } from '../../src/shard/peer/peer-calls.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import type { Partition, Replica, Store } from '../../src/store/store.js';
import { ANALYZER_VERSION } from '../../src/text/analyzer.js';
import { heldBy } from '../store/place.js';
import { askNode, MODEL, startNode, type LookReply } from './shard-fixture.js';

export const TENANT = 'shop';

/** What a test does to a range on its way. */
export type OnRange = (
  range: Uint8Array,
  file: string,
  count: number,
) => Promise<Uint8Array> | Uint8Array;

/** Shards over one store, each behind a socket of its own, that copy from each other. */
export class PeerShards {
  readonly nodes = new Map<string, ShardNode>();
  readonly log: string[] = [];
  /** Ranges that were read by each node. */
  readonly ranges = new Map<string, number>();
  onRange: OnRange = (range) => range;
  private readonly servers = new Map<string, ShardServer>();
  private readonly closers: (() => void)[] = [];

  private constructor(
    readonly dir: string,
    readonly store: Store,
  ) {}

  static async open(): Promise<PeerShards> {
    const dir = mkdtempSync(join(tmpdir(), 'omnisearch-peers-'));
    return new PeerShards(dir, await openLmdbStore({ dir: join(dir, 'store') }));
  }

  /** @param bytesPerS what it gives to others; 0: it neither gives nor copies */
  async start(shard: string, bytesPerS = 1e9): Promise<ShardNode> {
    const { storeId } = this.store;
    const peers = { calls: this.calls(shard), bytesPerS, minRows: 10 };
    const node = await startNode(this.store, join(this.dir, shard), this.log, { shard, peers });
    const limits = { queueLimit: 8, tenantQueueLimit: 8 };
    const options = { shard, storeId, address: this.addressOf(shard), ...limits };
    const server = new ShardServer(node, options, pino({ level: 'silent' }));
    await server.listen();
    this.nodes.set(shard, node);
    this.servers.set(shard, server);
    return node;
  }

  async stop(shard: string): Promise<void> {
    await Promise.all([this.servers.get(shard)?.close(), this.nodes.get(shard)?.close()]);
    this.nodes.delete(shard);
    this.servers.delete(shard);
  }

  async close(): Promise<void> {
    for (const close of this.closers) close();
    for (const shard of [...this.nodes.keys()]) await this.stop(shard);
    await this.store.close();
    rmSync(this.dir, { recursive: true });
  }

  addressOf(shard: string): string {
    return join(this.dir, `${shard}.sock`);
  }

  /** Folders of segments below a shard's folder, and what else lies beside them but manifest and deletes. */
  folders(shard: string): string[] {
    const names = readdirSync(join(this.dir, shard), { recursive: true, encoding: 'utf8' });
    return names.filter(
      (name) => /^\w+\/[^/]+$/.test(name) && !/(manifest.json|deletes-.*)$/.test(name),
    );
  }

  manifest(shard: string): Manifest | undefined {
    try {
      const node = this.nodes.get(shard) as ShardNode;
      const { transfer, manifest } = node.offer({ type: 'offer', tenant: TENANT, generation: 0 });
      node.files.end(transfer);
      return JSON.parse(manifest) as Manifest;
    } catch {
      return undefined;
    }
  }

  /** The partition of each category comes to further nodes, to be built there. */
  async build(categories: readonly string[], ...nodes: string[]): Promise<void> {
    const { partitions, counter } = await this.store.placement(TENANT);
    const added = nodes.map((node): Replica => ({ node, state: 'building', since: counter + 1 }));
    const next = partitions.map((each) =>
      categories.some((category) => each.categories.includes(category))
        ? { ...each, replicas: [...each.replicas, ...added] }
        : each,
    );
    if (!(await this.store.replacePlacement(TENANT, next, counter))) throw new Error('raced');
  }

  /** What was built on these nodes comes to serve, and has all that is written by then. */
  async settle(...shards: string[]): Promise<void> {
    await this.untilApplied(shards);
    const { partitions, counter } = await this.store.placement(TENANT);
    const serve = (replica: Replica): Replica =>
      shards.includes(replica.node) ? { ...replica, state: 'serving' } : replica;
    const next = partitions.map((each) => ({ ...each, replicas: each.replicas.map(serve) }));
    if (!(await this.store.replacePlacement(TENANT, next, counter))) throw new Error('raced');
    await this.untilApplied(shards);
  }

  /** All that is written is applied there, and all that was placed there is complete. */
  async untilApplied(shards: readonly string[]): Promise<void> {
    const { mark } = await this.store.write(TENANT, []);
    for (const shard of shards) {
      const partitions = encodePartitions(await this.partitionsOf(shard));
      const wait = { type: 'await' as const, tenant: TENANT, mark, partitions, budgetMs: 30_000 };
      const applied = await this.nodes.get(shard)?.awaitApplied(wait);
      if (applied !== true) throw new Error(`${shard} did not catch up: ${this.log.join('')}`);
    }
  }

  /** Until a shard has sealed at least so many rows. */
  async untilSealed(shard: string, rows: number): Promise<void> {
    for (let attempt = 0; attempt < 800; attempt++) {
      const { segments = [] } = this.manifest(shard) ?? {};
      if (segments.reduce((sum, segment) => sum + segment.rows, 0) >= rows) return;
      this.nodes.get(shard)?.nudge(TENANT);
      await sleep(25);
    }
    throw new Error(`not sealed: ${JSON.stringify(this.manifest(shard))}`);
  }

  async search(shard: string, query: LeafQuery): Promise<LookReply> {
    return askNode(this.nodes.get(shard) as ShardNode, {
      ...{ type: 'search', tenant: TENANT, counter: 0, group: '', model: MODEL },
      ...{ query, partitions: await this.asked(shard), budgetMs: 10_000 },
    });
  }

  async countWords(shard: string, words: readonly string[]): Promise<object> {
    const node = this.nodes.get(shard) as ShardNode;
    const partitions = await this.asked(shard);
    const budget = new Budget(Deadline.after(10_000));
    const counts = await node.countWords(
      {
        ...{ type: 'words', tenant: TENANT, counter: 0, group: '', model: MODEL, partitions },
        ...{ analyzer: ANALYZER_VERSION, generation: 0, words, budgetMs: 10_000 },
      },
      budget,
    );
    if (counts.type === 'moved') throw new Error('moved');
    const { live, df, ready } = counts;
    return { live, df, ready };
  }

  private async asked(shard: string): Promise<string> {
    return encodePartitions(await this.partitionsOf(shard));
  }

  private async partitionsOf(shard: string): Promise<Partition[]> {
    return heldBy(shard, (await this.store.placement(TENANT)).partitions);
  }

  /** As `shard-node` wires it, less what the test does to what comes. */
  private calls(shard: string): PeerCalls {
    const names = ['s1', 's2', 's3', 's4'];
    const addresses = new Map(names.map((name) => [name, this.addressOf(name)]));
    const peers = new ShardPeers(() => Promise.resolve(addresses), { storeId: this.store.storeId });
    this.closers.push(() => peers.close());
    return {
      offer: (...asked) => peers.offer(...asked),
      read: async (node, range, signal) => {
        const count = (this.ranges.get(shard) ?? 0) + 1;
        this.ranges.set(shard, count);
        const bytes = await peers.read(node, range, signal);
        return this.onRange(bytes, range.file, count);
      },
      end: (...ended) => peers.end(...ended),
    };
  }
}
