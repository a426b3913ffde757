import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChildServer, freePort } from '../lib/child-server.js';
import { OmniServer } from '../lib/omni-server.js';
import { Prometheus } from './prometheus.js';
import { shortRules } from './short-rules.js';

const PRODUCTS = 200;
const CATEGORIES = ['Headphones', 'Pans', 'Shoes', 'Toys'];
/** Here a cron job takes backups so often, and that is what counts as old. */
const BACKUP_EVERY_MS = 2_000;
const BACKUP_OLD_S = 15;
/** What a bench can not have: imbalance of a few products, texts enough, a machine that is nobody else's. */
const BOUNDS = {
  searches_per_second: 5,
  shard_imbalance_ratio: 10,
  cache_lookups_per_second: 1_000,
  cpu_info_ratio: 2,
  cpu_warning_ratio: 2,
  disk_foretold_ratio: 0,
  backup_full_seconds: BACKUP_OLD_S,
};

/** A shop of real processes with all that faults are made of. */
export class Stage {
  private shopping = true;
  private searches: Promise<void>[] = [];
  private backups: NodeJS.Timeout | undefined;

  private constructor(
    readonly omni: OmniServer,
    readonly prometheus: Prometheus,
    readonly certificate: string,
    private redis: ChildServer,
    private readonly redisPort: number,
    private readonly dir: string,
  ) {}

  static async open(): Promise<Stage> {
    const dir = await mkdtemp(join(tmpdir(), 'omnisearch-alerts-'));
    const certificate = join(dir, 'shop.pem');
    makeCertificate(certificate, 365);
    const [redisPort, metricsPort] = [await freePort(), await freePort()];
    const redis = startRedis(redisPort, dir);
    const omni = await OmniServer.start({
      shards: 2,
      queryNodes: 1,
      env: {
        OMNISEARCH_REDIS_URL: `redis://127.0.0.1:${String(redisPort)}`,
        OMNISEARCH_METRICS_PORT: String(metricsPort),
        OMNISEARCH_CERTIFICATE_FILES: certificate,
        OMNISEARCH_PARTITION_ROWS: '0',
        OMNISEARCH_HANG_TIMEOUT_MS: '600000',
      },
    });
    await omni.client.expect(
      'POST',
      '/products?wait=searchable',
      products(),
      'application/x-ndjson',
    );
    const prometheus = await Prometheus.start(shortRules(BOUNDS), {
      'omnisearch-query': [new URL(omni.url).host],
      // Of the two shards: the query node has the first port.
      'omnisearch-shard': [1, 2].map((n) => `127.0.0.1:${String(metricsPort + n)}`),
    });
    const stage = new Stage(omni, prometheus, certificate, redis, redisPort, dir);
    await stage.takeBackups();
    return stage;
  }

  /** Processes of a role, of the shards one by its name. */
  pids(role: 'query-node' | 'shard-node'): number[] {
    const all = this.omni.processes().filter(({ name }) => name.includes(role));
    return all.map(({ pid }) => pid);
  }

  /** Shoppers, until `quiet`: each asks again after a short pause. */
  shop(shoppers = 4): void {
    this.shopping = true;
    this.searches = Array.from({ length: shoppers }, async (_, i) => {
      for (let n = i; this.shopping; n += shoppers) {
        const body = JSON.stringify({ query: `quiet ${CATEGORIES[n % 4]}`, timeout_ms: 700 });
        const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
        const signal = AbortSignal.timeout(5_000);
        const answer = fetch(`${this.omni.url}/search/text`, { ...init, signal });
        await answer.then((reply) => reply.text()).catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    });
  }

  async quiet(): Promise<void> {
    this.shopping = false;
    await Promise.all(this.searches);
  }

  async stopRedis(): Promise<void> {
    await this.redis.stop();
  }

  startRedis(): void {
    this.redis = startRedis(this.redisPort, this.dir);
  }

  renew(days: number): void {
    makeCertificate(this.certificate, days);
  }

  /** One now, and again and again. */
  async takeBackups(): Promise<void> {
    const taken = (): Promise<unknown> =>
      this.omni.client.expect('POST', '/admin/export/taken', '{"kind":"full"}', 'application/json');
    this.backups = setInterval(() => void taken().catch(() => undefined), BACKUP_EVERY_MS);
    await taken();
  }

  noBackups(): void {
    clearInterval(this.backups);
  }

  async close(): Promise<void> {
    await this.quiet();
    this.noBackups();
    await this.prometheus.close();
    await this.omni.close();
    await this.redis.stop();
    await rm(this.dir, { recursive: true, force: true });
  }
}

function startRedis(port: number, dir: string): ChildServer {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', dir];
  return ChildServer.start('redis-server', args, { name: 'redis-server' });
}

function makeCertificate(file: string, days: number): void {
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const of = ['-nodes', '-days', String(days), '-subj', '/CN=localhost'];
  execFileSync('openssl', [...made, ...of, '-keyout', `${file}.key`, '-out', file], {
    stdio: 'ignore',
  });
}

function products(): string {
  return Array.from({ length: PRODUCTS }, (_, i) => {
    const category = CATEGORIES[i % CATEGORIES.length] ?? '';
    return JSON.stringify({
      id: `p${String(i)}`,
      title: `quiet ${category} ${String(i)}`,
      category,
    });
  }).join('\n');
}
