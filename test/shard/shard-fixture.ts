import { heldBy, move, partitionOf, place } from '../store/place.js';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { Budget } from '../../src/core/budget.js';
import { Deadline } from '../../src/core/deadline.js';
import type { JsonObject } from '../../src/core/product.js';
import { normalise } from '../../src/core/vector.js';
import type { Filter } from '../../src/filter/filter.js';
import { firstPartition } from '../../src/placement/partition.js';
import type {
  CountWords,
  SearchLeaf,
  SearchLeafReply,
  WordCounts,
} from '../../src/protocol/messages.js';
import { encodePartitions } from '../../src/protocol/partition-list.js';
import { vectorBytes, type LeafQuery } from '../../src/query/leaf-query.js';
import type { HitColumns } from '../../src/query/leaf-result.js';
import type { TextQuery } from '../../src/query/text-query.js';
import { namesIn, type Manifest } from '../../src/shard/index/manifest.js';
import { ShardNode } from '../../src/shard/node/shard-node.js';
import type { ShardNodeOptions } from '../../src/shard/node/shard-node-options.js';
import type { HostingOptions } from '../../src/shard/node/hosted-tenants.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import type { Partition, ProductWrite, Store, StoreReader } from '../../src/store/store.js';
import { ANALYZER_VERSION } from '../../src/text/analyzer.js';

export const DIMENSIONS = 8;
export const MODEL = 'm1';
const TENANT = 'shop';
export const MAX_DEAD_SHARE = 0.2;
export const REPLAY_ENTRIES = 400;
/** Worker threads run the compiled code. */
export const BUILD_WORKER = new URL('../../dist/shard/build/build-worker.js', import.meta.url);

/** No tenant goes to sleep by itself. */
export const HOSTING: HostingOptions = {
  pollMs: 50,
  idleMs: 1e9,
  openTenants: 1e9,
  tombstoneRetentionMs: 1e9,
  switchGraceMs: 50,
  fenceMs: 1e9,
};

/** A shard `s1` that follows a real store, in a folder of its own. */
export class ShardFixture {
  private constructor(
    readonly dir: string,
    readonly store: Store,
    public node: ShardNode,
    /** Lines of warnings and errors, as JSON. */
    readonly log: string[],
    private readonly options: Partial<ShardNodeOptions>,
  ) {}

  /** `options` change those of `startNode`. */
  static async open(options: Partial<ShardNodeOptions> = {}): Promise<ShardFixture> {
    const dir = mkdtempSync(join(tmpdir(), 'omnisearch-shard-'));
    const store = await openLmdbStore({ dir: join(dir, 'store') });
    const log: string[] = [];
    return new ShardFixture(
      dir,
      store,
      await startNode(store, join(dir, 'shard'), log, options),
      log,
      options,
    );
  }

  async restart(
    meanwhile: (folder: string) => void = () => undefined,
    changed: Partial<ShardNodeOptions> = {},
  ): Promise<void> {
    await this.node.close();
    meanwhile(this.shardDir);
    const options = { ...this.options, ...changed };
    this.node = await startNode(this.store, this.shardDir, this.log, options);
  }

  async close(): Promise<void> {
    await this.node.close();
    await this.store.close();
    rmSync(this.dir, { recursive: true });
  }

  get shardDir(): string {
    return join(this.dir, 'shard');
  }

  /** Files below the shard's folder that hold at least one byte. */
  files(pattern: RegExp): string[] {
    if (!existsSync(this.shardDir)) return [];
    return readdirSync(this.shardDir, { recursive: true, encoding: 'utf8' })
      .map((name) => join(this.shardDir, name))
      .filter((file) => pattern.test(file) && statSync(file).isFile() && statSync(file).size > 0);
  }

  /** The manifest, without looking at its checksum; undefined before the first was written. */
  manifest(): Manifest | undefined {
    const [file] = this.files(/manifest\.json$/);
    if (file === undefined) return undefined;
    return JSON.parse(readFileSync(file, 'utf8').slice(9)) as Manifest;
  }

  /** The files that the manifest names, and itself. */
  namedFiles(): string[] {
    const manifest = this.manifest();
    if (manifest === undefined) return [];
    const names = namesIn(manifest);
    return this.files(/./).filter(
      (file) => file.endsWith('manifest.json') || names.some((name) => file.includes(name)),
    );
  }

  /** Waits until `what` holds of the manifest, which is written some time after what it names. */
  async untilSaved(
    what: (manifest: Manifest | undefined) => boolean | Promise<boolean>,
  ): Promise<void> {
    for (let attempt = 0; attempt < 400; attempt++) {
      if (await what(this.manifest())) return;
      this.node.nudge(TENANT);
      await sleep(25);
    }
    throw new Error(`not saved: ${JSON.stringify(this.manifest())}`);
  }

  async place(category: string, ...nodes: string[]): Promise<void> {
    const on = nodes.length === 0 ? ['s1'] : nodes;
    await place(this.store, TENANT, [firstPartition(category, on)]);
  }

  async move(category: string, shard: string): Promise<void> {
    const old = await partitionOf(this.store, TENANT, category);
    if (!(await move(this.store, TENANT, old, shard))) throw new Error('raced');
  }

  /** Writes, and waits until the shard has applied it. */
  async write(writes: readonly ProductWrite[]): Promise<void> {
    const { mark } = await this.store.write(TENANT, writes);
    await this.settle(mark);
  }

  /** All that is written is applied, and all that was placed here is complete. */
  async settle(mark?: Uint8Array): Promise<void> {
    const upTo = mark ?? (await this.store.write(TENANT, [])).mark;
    this.node.nudge(TENANT);
    const partitions = encodePartitions(heldBy('s1', await this.partitions()));
    const wait = { type: 'await' as const, tenant: TENANT, mark: upTo, partitions };
    const applied = await this.node.awaitApplied({ ...wait, budgetMs: 20_000 });
    if (!applied) throw new Error('the shard did not catch up');
  }

  private async partitions(): Promise<readonly Partition[]> {
    return (await this.store.placement(TENANT)).partitions;
  }

  /** The first phase of a search by words: of all that was placed here, unless told. */
  async count(asked: Partial<CountWords>): Promise<WordCounts> {
    const { counter, partitions } = await this.store.placement(TENANT);
    const request: CountWords = {
      ...{ type: 'words', tenant: TENANT, model: MODEL },
      ...{ counter, group: 's1/', partitions: encodePartitions(heldBy('s1', partitions)) },
      ...{ analyzer: ANALYZER_VERSION, generation: 0, words: [], budgetMs: 10_000 },
      ...asked,
    };
    const deadline = Deadline.after(request.budgetMs);
    await this.node.lookUp(request, deadline);
    const reply = await this.node.countWords(request, new Budget(deadline));
    if (reply.type === 'moved') throw new Error(`moved, at counter ${reply.counter}`);
    return reply;
  }

  async search(query: readonly number[], options: SearchOptions = {}): Promise<LookReply> {
    const { counter, partitions } = await this.store.placement(TENANT);
    const { filter, categories, text, required, k = 1_000, exact = true } = options;
    const wanted: LeafQuery = {
      vector: vectorBytes(normalise(query) ?? new Float32Array()),
      views: [{ k, ...(filter && { filter }), ...(categories && { categories }) }],
      exact,
    };
    if (text !== undefined) {
      wanted.text = text;
      wanted.set = { required: required ?? [...text.slots.keys()], members: new Uint8Array() };
    }
    if (query.length === 0) delete wanted.vector;
    const asked = options.partitions ?? heldBy('s1', partitions);
    return askNode(this.node, {
      type: 'search',
      tenant: TENANT,
      partitions: encodePartitions(asked),
      group: 's1/',
      counter,
      model: MODEL,
      query: wanted,
      explain: options.explain ?? false,
      alone: options.alone ?? false,
      ...(options.pinned === undefined ? {} : { pinned: options.pinned }),
      budgetMs: 10_000,
    });
  }
}

/** Words of one alternative each, as rare as each other. */
export function textOf(...words: string[]): TextQuery {
  const slots = words.map((word) => ({ idf: 1, alternatives: [{ words: [word], weight: 1 }] }));
  return { slots, analyzer: ANALYZER_VERSION, generation: 0 };
}

export interface SearchOptions {
  k?: number;
  filter?: Filter;
  /** Only rows of these. */
  categories?: readonly string[];
  /** No other shard is asked. */
  alone?: boolean;
  exact?: boolean;
  explain?: boolean;
  /** Words that hits have, to score by as well; by them alone where the vector is empty. */
  text?: TextQuery;
  /** Slots that hits have, by number; absent: all. */
  required?: readonly number[];
  pinned?: string | undefined;
  partitions?: Partition[];
}

export function put(
  id: string,
  category: string,
  vector: number[],
  rest: JsonObject = {},
): ProductWrite {
  const text = normalise(vector) as Float32Array;
  const content = JSON.stringify([id, category, vector, rest]);
  return {
    op: 'put',
    id,
    product: { id, title: id, category, ...rest },
    feedVersion: undefined,
    contentHash: content,
    embedHash: content,
    model: MODEL,
    vectors: { text },
  };
}

export function remove(id: string): ProductWrite {
  return { op: 'delete', id, feedVersion: undefined };
}

/** Everything of `tenant` that the placement gives `s1`, as a query node asks for it. */
export async function searchNode(
  node: ShardNode,
  store: Store,
  tenant: string,
  query: LeafQuery,
): Promise<LookReply> {
  const { counter, partitions } = await store.placement(tenant);
  const asked = heldBy('s1', partitions);
  const group = 's1/';
  const request = { type: 'search' as const, tenant, counter, group, model: MODEL, query };
  return askNode(node, { ...request, partitions: encodePartitions(asked), budgetMs: 10_000 });
}

export async function startNode(
  store: StoreReader,
  dataDir: string,
  log: string[],
  options: Partial<ShardNodeOptions>,
): Promise<ShardNode> {
  const node = new ShardNode(
    store,
    {
      shard: 's1',
      dataDir,
      model: MODEL,
      dimensions: DIMENSIONS,
      segment: {
        graphMinRows: 12,
        graph: { engine: 'usearch', M: 8, efConstruction: 60 },
        ef: { target: 0.95, min: 64, max: 64 },
      },
      merge: {
        tailRows: 20,
        fanout: 3,
        maxDeadShare: MAX_DEAD_SHARE,
        maxSegmentRows: 1_000_000,
        replayEntries: REPLAY_ENTRIES,
      },
      hosting: HOSTING,
      buildWorkerFile: BUILD_WORKER,
      ...options,
    },
    pino({ level: 'warn' }, { write: (line: string) => void log.push(line) }),
  );
  await node.start();
  return node;
}

/** What a search came to, with that of its only view at hand. */
export interface LookReply extends SearchLeafReply {
  hits: HitColumns;
  /** All that match. */
  matches: number;
}

/** As the shard's server does: the placement first, then the search in its turn. */
export async function askNode(node: ShardNode, request: SearchLeaf): Promise<LookReply> {
  const deadline = Deadline.after(request.budgetMs);
  await node.lookUp(request, deadline);
  const reply = await node.search(request, new Budget(deadline));
  if (reply.type === 'moved') throw new Error(`moved, at counter ${reply.counter}`);
  const [view] = reply.views;
  if (view === undefined) throw new Error('a search of no view');
  return { ...reply, hits: view.hits, matches: view.total };
}
