import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { JsonClient } from '../../bench/lib/client.js';
import { ingest } from '../../bench/lib/ingest.js';
import { loadCatalogue, type Catalogue } from '../../bench/lib/catalogue.js';
import { OmniServer } from '../../bench/lib/omni-server.js';
import type { LoadOutcome } from '../../bench/neighbours/load-spec.js';
import { runLoad } from '../../bench/neighbours/run-load.js';

/** The shop that searches meanwhile, and the one that attacks. */
const QUIET = 'quiet';
const HOSTILE = 'hostile';

const QUIET_PER_SECOND = 5;
const RECOVERED_MS = 15_000;

/** A server under attack, a catalogue of a quiet shop in it. */
export class Target {
  private constructor(
    readonly server: OmniServer,
    readonly catalogue: Catalogue,
    readonly quiet: JsonClient,
    readonly hostile: JsonClient,
    /** What searches of the quiet shop are given. */
    readonly timeoutMs: number,
  ) {}

  static async start(timeoutMs: number): Promise<Target> {
    const catalogue = await loadCatalogue();
    // Which category is on which shard is to stay so.
    const env = { OMNISEARCH_PARTITION_ROWS: '0' };
    const server = await OmniServer.start({ shards: 2, env });
    const quiet = new JsonClient(server.url, 60_000, 64, QUIET);
    const hostile = new JsonClient(server.url, 60_000, 256, HOSTILE);
    const target = new Target(server, catalogue, quiet, hostile, timeoutMs);
    try {
      const { products } = catalogue;
      await ingest(quiet, products.length, (row) => products[row]?.line ?? '');
    } catch (error) {
      await target.close();
      throw error;
    }
    return target;
  }

  /** A socket of the attacker's own, for what no client library would send. */
  socket(): Socket {
    const { hostname, port } = new URL(this.server.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    return socket;
  }

  /** The head of a request of the attacker's. */
  head(method: string, path: string, headers: Record<string, string>): string {
    const { host } = new URL(this.server.url);
    const lines = Object.entries({ host, 'x-omnisearch-tenant': HOSTILE, ...headers });
    return [`${method} ${path} HTTP/1.1`, ...lines.map(([k, v]) => `${k}: ${v}`), '', ''].join(
      '\r\n',
    );
  }

  /** The quiet shop searches five times a second, from a process of its own. */
  searchQuietly(seconds: number): Promise<LoadOutcome> {
    const queries = this.catalogue.products.slice(0, 500).map(({ title }) => title);
    const { server, timeoutMs } = this;
    const steady = { kind: 'steady', perSecond: QUIET_PER_SECOND, timeoutMs } as const;
    return runLoad({ ...steady, url: server.url, tenant: QUIET, seconds, queries, seed: 1 });
  }

  /** The process of a role: `query-node`, or `shard-node` with the shard's name. */
  processOf(role: string, shard?: string): { pid: number; peakBytes: number } {
    const found = this.server.processes().find(({ pid, name }) => {
      if (!name.endsWith(role)) return false;
      return shard === undefined || environmentOf(pid).includes(`OMNISEARCH_SHARD=${shard}`);
    });
    if (found === undefined) throw new Error(`there is no ${role} ${shard ?? ''}`);
    return found;
  }

  /** The categories of the quiet shop that each shard holds. */
  async categoriesByShard(): Promise<Map<string, string[]>> {
    const byShard = new Map<string, string[]>();
    for (const category of new Set(this.catalogue.products.map(({ category }) => category))) {
      const body = {
        ...{ query: category, filter: { category }, mode: 'vector', timeout_ms: 10_000 },
        ...{ explain: true, top_k: 1 },
      };
      const reply = (await this.answered(body)) as {
        explain: { shards: { shard: string }[] };
      };
      const [shard] = reply.explain.shards.map(({ shard }) => shard);
      if (shard !== undefined) byShard.set(shard, [...(byShard.get(shard) ?? []), category]);
    }
    return byShard;
  }

  /** A shard that was stopped by the attack before may not be known to go on yet. */
  private async answered(body: object): Promise<unknown> {
    const endsAt = performance.now() + RECOVERED_MS;
    for (;;) {
      const reply = await this.quiet.request('POST', '/search/text', body);
      if (reply.status === 200) return reply.body;
      if (performance.now() > endsAt) throw new Error(JSON.stringify(reply.body));
      await sleep(50);
    }
  }

  async close(): Promise<void> {
    await this.quiet.close();
    await this.hostile.close();
    await this.server.close();
  }
}

function environmentOf(pid: number): string[] {
  return readFileSync(`/proc/${String(pid)}/environ`, 'utf8').split('\0');
}
