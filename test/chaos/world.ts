import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Cluster } from '../e2e/cluster.js';
import { freshOptions } from '../store/mongo-fixture.js';
import { MongoServer } from '../store/mongo-server.js';
import { FakedClock } from './faked-clock.js';
import type { Fault } from './faults.js';
import { FaultyLink } from './faulty-link.js';
import { SmallDisk } from './small-disk.js';

export type StoreKind = 'lmdb' | 'mongo';

export const SHARDS = ['s1', 's2', 's3', 's4'];
const DISK_MIB = 32;
const DETOUR = fileURLToPath(new URL('detour.cjs', import.meta.url));
const MONGO_ENV = {
  OMNISEARCH_STORE_TIMEOUT_MS: '3000',
  OMNISEARCH_STORE_SELECTION_TIMEOUT_MS: '1000',
  OMNISEARCH_STORE_MIN_POOL: '0',
};

export interface WorldOptions {
  store: StoreKind;
  /** What it is to be prepared for. */
  faults: ReadonlySet<Fault>;
  args: string[];
  env: Record<string, string>;
  /** The built `main.js`; absent: this package's. */
  main?: string;
  random: () => number;
}

/** A cluster, and what it stands on: links to its shards and its store, disks, a clock. All of it can be faulty. */
export class World {
  readonly shardLinks: FaultyLink[] = [];
  storeLink: FaultyLink | undefined;
  mongo: MongoServer | undefined;
  shardDisk: SmallDisk | undefined;
  storeDisk: SmallDisk | undefined;
  clock: FakedClock | undefined;
  private started: Cluster | undefined;
  private readonly dir = mkdtempSync(join(tmpdir(), 'omnisearch-chaos-'));

  private constructor(private readonly options: WorldOptions) {}

  static async start(options: WorldOptions): Promise<World> {
    const world = new World(options);
    try {
      await world.build();
    } catch (error) {
      await world.stop();
      throw error;
    }
    return world;
  }

  get cluster(): Cluster {
    if (this.started === undefined) throw new Error('not started');
    return this.started;
  }

  get links(): FaultyLink[] {
    return this.storeLink === undefined ? this.shardLinks : [...this.shardLinks, this.storeLink];
  }

  async stop(): Promise<void> {
    try {
      await this.started?.stop();
    } finally {
      await Promise.all(this.links.map((link) => link.stop()));
      await this.mongo?.stop();
      this.shardDisk?.remove();
      this.storeDisk?.remove();
      this.clock?.remove();
      rmSync(this.dir, { recursive: true, force: true });
    }
  }

  private async build(): Promise<void> {
    const { dir, options } = this;
    const { store, faults, args, main, random } = options;
    const env = { ...options.env, NODE_OPTIONS: `--require ${DETOUR}` };
    if (faults.has('clock')) Object.assign(env, (this.clock = new FakedClock()).env);
    if (store === 'mongo') {
      this.mongo = await MongoServer.start();
      this.storeLink = await FaultyLink.start(0, this.mongo.port, random);
      const { url } = freshOptions(this.mongo);
      const { port } = this.mongo;
      Object.assign(env, MONGO_ENV, {
        OMNISEARCH_STORE_URL: url.replace(`:${port}/`, `:${this.storeLink.port}/`),
      });
    }
    if (faults.has('shard-disk')) this.shardDisk = new SmallDisk(join(dir, 'shards'), DISK_MIB);
    if (faults.has('store-disk')) this.storeDisk = new SmallDisk(join(dir, 'store'), DISK_MIB);
    const sockets = join(dir, 'run');
    mkdirSync(sockets, { mode: 0o700 });
    for (const name of SHARDS) {
      const at = join(sockets, `${name}.sock`);
      this.shardLinks.push(await FaultyLink.start(`${at}.link`, at, random));
    }
    this.started = await Cluster.start({
      ...{ shards: 2, dataDir: dir, args, env },
      ...(main === undefined ? {} : { main }),
    });
  }
}
