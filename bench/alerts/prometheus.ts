import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChildServer, freePort } from '../lib/child-server.js';

/** Addresses by the name of their scrape job. */
export type Targets = Readonly<Record<string, readonly string[]>>;

interface QueryReply {
  data: { result: { value: [number, string] }[] };
}

interface AlertsReply {
  data: { alerts: { state: string; labels: { alertname: string } }[] };
}

/** A real Prometheus that scrapes every second. */
export class Prometheus {
  private constructor(
    private readonly url: string,
    private readonly dir: string,
    private readonly server: ChildServer,
  ) {}

  /** @param adminKey that targets want, where they want one */
  static async start(rules: string, targets: Targets, adminKey?: string): Promise<Prometheus> {
    const dir = await mkdtemp(join(tmpdir(), 'omnisearch-prometheus-'));
    const port = await freePort();
    const jobs = Object.entries(targets).map(([name, addresses]) => ({
      job_name: name,
      static_configs: [{ targets: addresses }],
      ...(adminKey === undefined ? {} : { authorization: { credentials: adminKey } }),
    }));
    // JSON is YAML.
    const config = {
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: ['rules.yml'],
      scrape_configs: jobs,
    };
    await writeFile(join(dir, 'rules.yml'), rules);
    await writeFile(join(dir, 'prometheus.yml'), JSON.stringify(config));
    const args = [
      `--config.file=${dir}/prometheus.yml`,
      `--storage.tsdb.path=${dir}/data`,
      `--web.listen-address=127.0.0.1:${String(port)}`,
    ];
    const server = ChildServer.start('prometheus', args, { name: 'prometheus' });
    const prometheus = new Prometheus(`http://127.0.0.1:${String(port)}`, dir, server);
    await server.waitUntil(async () => (await fetch(`${prometheus.url}/-/ready`)).ok);
    return prometheus;
  }

  /** Names of the alerts that fire now. */
  async firing(): Promise<ReadonlySet<string>> {
    const reply = await fetch(`${this.url}/api/v1/alerts`);
    const { data } = (await reply.json()) as AlertsReply;
    const firing = data.alerts.filter(({ state }) => state === 'firing');
    return new Set(firing.map(({ labels }) => labels.alertname));
  }

  /** What an expression comes to now: a number each series. */
  async query(expr: string): Promise<number[]> {
    const reply = await fetch(`${this.url}/api/v1/query?query=${encodeURIComponent(expr)}`);
    if (!reply.ok) throw new Error(`${expr}: ${String(reply.status)} ${await reply.text()}`);
    const { data } = (await reply.json()) as QueryReply;
    return data.result.map(({ value }) => Number(value[1]));
  }

  async close(): Promise<void> {
    await this.server.stop();
    await rm(this.dir, { recursive: true, force: true });
  }
}
