import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChildServer, freePort } from '../lib/child-server.js';

/** Addresses by the name of their scrape job. */
export type Targets = Readonly<Record<string, readonly string[]>>;

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

  static async start(rules: string, targets: Targets): Promise<Prometheus> {
    const dir = await mkdtemp(join(tmpdir(), 'omnisearch-prometheus-'));
    const port = await freePort();
    const jobs = Object.entries(targets).map(([name, addresses]) => ({
      job_name: name,
      static_configs: [{ targets: addresses }],
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

  async close(): Promise<void> {
    await this.server.stop();
    await rm(this.dir, { recursive: true, force: true });
  }
}
