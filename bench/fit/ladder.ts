import type { BenchRun } from '../lib/bench.js';
import { JsonClient } from '../lib/client.js';
import { ingest, waitUntilQuiet } from '../lib/ingest.js';
import type { MemoryRoom } from '../lib/memory-room.js';
import type { OmniServer } from '../lib/omni-server.js';
import { memoryBytes } from '../lib/processes.js';
import { Random } from '../lib/random.js';
import { search, SearchTally } from '../lib/search.js';
import { formatBytes, formatNumber } from '../lib/table.js';
import type { Traffic } from '../lib/traffic.js';
import { timerClock } from '../load/clock.js';
import { runClosedLoop } from '../load/closed-loop.js';
import type { FLAGS } from './flags.js';
import type { MadeProducts } from './made-products.js';

const WARM_UP_MS = 2_000;
const UNSEEN = 0.2;
const CONNECTIONS = 8;
const FIELDS = ['title', 'brand', 'price'];
/** Answers in part that are still taken for a server that keeps up. */
const PARTIAL_SHARE = 0.01;

/** A number of products that were loaded and searched. */
export interface Rung {
  products: number;
  tenants: number;
  p50_ms: number;
  p95_ms: number;
  failed_share: number;
  partial_share: number;
  memory_bytes: number;
}

/** What the products and those who search them are. */
export interface Shoppers {
  made: MadeProducts;
  traffic: Traffic;
  /** Products of each tenant; one tenant has all of them where that is undefined. */
  tenantSize: number | undefined;
}

export interface Climbed {
  /** The last that kept the promise; none where not even the first did. */
  fits: Rung | undefined;
  rungs: Rung[];
  /** What came at the next. */
  ended_by: string;
}

/** Loads more and more products into a server, and searches them, until that is too slow or a process ends. */
export class Ladder {
  private readonly clients: JsonClient[] = [];
  private readonly pids: string;
  private loaded = 0;

  constructor(
    private readonly run: BenchRun<typeof FLAGS>,
    private readonly server: OmniServer,
    private readonly room: MemoryRoom,
    private readonly shoppers: Shoppers,
  ) {
    this.pids = this.pidsNow();
  }

  /** `first`: products of the lowest rung. */
  async climb(first: number): Promise<Climbed> {
    const { growth, most, quick } = this.run.flags;
    const bound = quick ? 3 * first : most;
    const rungs: Rung[] = [];
    let fits: Rung | undefined;
    const end = (reason: string): Climbed => ({ fits, rungs, ended_by: reason });
    for (let wanted = first; ; wanted = Math.ceil(this.loaded * growth)) {
      const target = this.whole(wanted);
      if (target > bound) return end(`nothing: no more than ${formatNumber(bound)} were tried`);
      try {
        await this.load(target);
        const rung = await this.search();
        rungs.push(rung);
        this.tell(rung);
        const reason = this.lost() ?? this.fault(rung);
        if (reason !== undefined) return end(reason);
        fits = rung;
      } catch (error) {
        return end(this.lost() ?? (error instanceof Error ? error.message : String(error)));
      }
    }
  }

  async close(): Promise<void> {
    for (const client of this.clients) await client.close();
  }

  /** Only whole tenants are loaded, at least one more than there are. */
  private whole(products: number): number {
    const size = this.shoppers.tenantSize;
    return size === undefined
      ? products
      : Math.max(this.loaded + size, Math.ceil(products / size) * size);
  }

  private async load(target: number): Promise<void> {
    const size = this.shoppers.tenantSize ?? Infinity;
    while (this.loaded < target) {
      const from = this.loaded;
      const to = Math.min(target, from + size);
      const line = (row: number) => this.shoppers.made.lineOf(from + row);
      await ingest(this.clientToLoad(), to - from, line, `to ${formatNumber(to)}`);
      this.loaded = to;
    }
    await waitUntilQuiet(() => this.server.processes());
  }

  /** A new tenant's, or the one that has them all. */
  private clientToLoad(): JsonClient {
    const { tenantSize } = this.shoppers;
    const [only] = this.clients;
    if (only !== undefined && tenantSize === undefined) return only;
    const tenant = tenantSize === undefined ? undefined : `shop-${String(this.clients.length)}`;
    const client = new JsonClient(this.server.url, undefined, CONNECTIONS, tenant);
    this.clients.push(client);
    return client;
  }

  private search(): Promise<Rung> {
    const { seconds, users, quick, seed } = this.run.flags;
    const random = new Random(seed, `tenants of ${String(this.loaded)}`);
    const tally = new SearchTally();
    return this.run.measure(`${this.room.how}, ${formatNumber(this.loaded)} products`, async () => {
      const result = await runClosedLoop({
        clock: timerClock,
        users,
        warmupMs: WARM_UP_MS,
        durationMs: WARM_UP_MS + (quick ? 2 : seconds) * 1000,
        send: () => {
          const query = this.shoppers.traffic.next(UNSEEN);
          return search(random.pick(this.clients), '/search/text', { query, fields: FIELDS });
        },
        onReply: tally.onReply,
      });
      return {
        products: this.loaded,
        tenants: this.clients.length,
        p50_ms: result.latency.p50_ms,
        p95_ms: result.latency.p95_ms,
        failed_share: result.error_rate,
        partial_share: tally.result().partial_replies / Math.max(1, result.succeeded),
        memory_bytes: memoryBytes(this.server.processes()),
      };
    });
  }

  private tell({ products, p50_ms: p50, p95_ms: p95, memory_bytes: bytes }: Rung): void {
    const times = `p50 ${formatNumber(p50)} ms, p95 ${formatNumber(p95)} ms`;
    this.run.say(`${formatNumber(products)} products: ${times}, ${formatBytes(bytes)}`);
  }

  /** What a rung breaks of the promise; undefined where it keeps it. */
  private fault({ p95_ms: p95, failed_share: failed, partial_share: partial }: Rung) {
    const percent = (share: number): string => `${formatNumber(share * 100)} %`;
    if (failed > 0) return `${percent(failed)} of the searches failed`;
    if (partial > PARTIAL_SHARE) return `${percent(partial)} of the answers were in part`;
    return p95 > this.run.flags.p95 ? `p95 of ${formatNumber(p95)} ms` : undefined;
  }

  /** Whether a process ended meanwhile: another takes its place, and is not the one that was to fit. */
  private lost(): string | undefined {
    const killed = this.room.ended() ?? 0;
    if (killed > 0) return 'the kernel ended a process for want of memory';
    return this.pidsNow() === this.pids ? undefined : 'a process ended';
  }

  private pidsNow(): string {
    const nodes = this.server.processes().filter(({ name }) => name.includes('-node'));
    return nodes.map(({ pid }) => pid).join();
  }
}
