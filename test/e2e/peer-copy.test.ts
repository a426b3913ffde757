import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { bruteForce, makeProducts, randomVector, seeded } from './catalogue.js';
import { Cluster } from './cluster.js';

const DIMENSIONS = 16;
const LIMIT_MS = 60_000;
/** More than are read from the store in no time. */
const PRODUCTS = makeProducts(6_000, DIMENSIONS);

async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const endsAt = performance.now() + LIMIT_MS;
  while (!(await isSo())) {
    if (performance.now() > endsAt) throw new Error(`not within ${LIMIT_MS} ms: ${what}`);
    await sleep(100);
  }
}

/** Rows of all segments that any shard has sealed. */
function sealedRows(dataDir: string): number {
  const files = readdirSync(join(dataDir, 'shards'), { recursive: true, encoding: 'utf8' });
  const manifests = files.filter((file) => file.endsWith('manifest.json'));
  return manifests.reduce((sum, file) => {
    const text = readFileSync(join(dataDir, 'shards', file), 'utf8').slice(9);
    const { segments } = JSON.parse(text) as { segments: { rows: number }[] };
    return sum + segments.reduce((rows, segment) => rows + segment.rows, 0);
  }, 0);
}

test('what moves between the shards of `up` is copied from the one that has it, and answers stay right', async () => {
  const cluster = await Cluster.start({
    args: ['--model', 'none', '--dimensions', String(DIMENSIONS)],
    env: { OMNISEARCH_PARTITION_ROWS: '1000000', OMNISEARCH_LOG_LEVEL: 'info' },
  });
  try {
    await cluster.index(PRODUCTS);
    await until(() => sealedRows(cluster.dataDir) > PRODUCTS.length / 2, 'sealed');
    const [partition] = await cluster.partitions();
    const to = partition?.replicas[0]?.node === 's1' ? 's2' : 's1';
    const move = { tenant: 'default', partition: partition?.id, to: [to] };
    expect(await cluster.post('/admin/placement/move', move)).toMatchObject({ status: 200 });
    await until(async () => {
      const [{ replicas } = { replicas: [] }] = await cluster.partitions();
      return replicas.length === 1 && replicas[0]?.node === to;
    }, cluster.log());
    expect(cluster.log()).toContain('copied from a peer');
    const vector = randomVector(seeded(5), DIMENSIONS);
    const asked = { vector, exact: true, fields: [], top_k: 20, timeout_ms: 20_000 };
    const { json } = await cluster.post('/search/vector', asked);
    const hits = json.hits?.map(({ id, score }) => ({ id, score: Math.fround(score) }));
    expect(hits).toEqual(bruteForce(PRODUCTS, vector, 20, () => true));
    expect(json).toMatchObject({ total: PRODUCTS.length, partial: null });
  } finally {
    await cluster.stop();
    cluster.remove();
  }
}, 150_000);
