import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLmdbStore } from '../src/store/lmdb/open.js';
import { bench } from './lib/bench.js';
import { largePage, placeTenants } from './lib/large-page.js';
import { print } from './lib/report.js';
import { formatBytes, formatTable } from './lib/table.js';

const FLAGS = {
  tenants: { default: 1_000, help: 'shops' },
  partitions: { default: 200, help: 'partitions of each' },
  shards: { default: 16, help: 'shards they lie on' },
  scrapes: { default: 50, help: 'pages that are measured' },
};

await bench(
  {
    name: 'scrape',
    about: 'What a page of metrics takes where there are many shops with many partitions.',
    maxMinutes: 20,
    flags: FLAGS,
  },
  async (run) => {
    const { flags } = run;
    const tenants = flags.quick ? 50 : flags.tenants;
    const cluster = { tenants, partitions: flags.partitions, shards: flags.shards };
    const dir = await mkdtemp(join(tmpdir(), 'omnisearch-scrape-'));
    const store = await openLmdbStore({ dir });
    try {
      await placeTenants(store, cluster);
      const { page, census } = largePage(store, cluster);
      const censusMs = await run.measure('census', () => timed(() => census.refresh()));
      const times: number[] = [];
      await run.measure('scrapes', async () => {
        for (let i = 0; i < flags.scrapes; i++) times.push(await timed(() => page.render()));
      });
      const text = await page.render();
      const bytes = Buffer.byteLength(text);
      const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
      const worstMs = Math.max(...times);
      print(
        `${String(tenants)} shops of ${String(flags.partitions)} partitions`,
        formatTable([
          { what: 'worst scrape, ms', value: worstMs },
          { what: 'page', value: formatBytes(bytes) },
          { what: 'series', value: series },
          { what: 'census of all placements, in the background, ms', value: censusMs },
        ]),
      );
      return {
        data: { ...cluster },
        results: { times, bytes, series, censusMs },
        figures: [
          { name: 'worst scrape', value: worstMs, unit: 'ms' },
          { name: 'page', value: bytes, unit: 'bytes' },
        ],
      };
    } finally {
      await store.close();
      await rm(dir, { recursive: true, force: true });
    }
  },
);

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}
