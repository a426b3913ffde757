import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Cluster } from './cluster.js';

const TINY_MODEL = fileURLToPath(new URL('../embedding/fixtures/tiny-bert', import.meta.url));
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Runs a command that is expected to end by itself. */
function run(...args: string[]): { code: number | null; err: string } {
  const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    timeout: 30_000,
    env: { ...process.env, OMNISEARCH_LOG_LEVEL: 'silent' },
  });
  return { code: status, err: stderr };
}

test('invariant 4: data of another model stops the start, unless it is embedded again', async () => {
  const first = await Cluster.start();
  const { dataDir } = first;
  try {
    await first.index([
      { id: '1', title: 'red running shoes', category: 'Shoes' },
      { id: '2', title: 'frying pan', category: 'Cookware' },
    ]);
    const before = (await first.send('GET', '/stats')).json['model'];
    await first.stop();

    const none = ['--model', 'none', '--dimensions', '8'];
    const refused = run('up', '--port', '0', '--data-dir', dataDir, ...none);
    expect(refused.code).toBe(1);
    expect(refused.err.trim().split('\n')).toHaveLength(1);
    expect(refused.err).toMatch(/--reembed/);

    const hopeless = run('up', '--port', '0', '--data-dir', dataDir, ...none, '--reembed');
    expect(hopeless.code).toBe(1);
    expect(hopeless.err).toMatch(/--reembed needs a model/);

    const tiny = ['--model', TINY_MODEL];
    expect(run('up', '--port', '0', '--data-dir', dataDir, ...tiny).err).toMatch(/--reembed/);
    const other = await Cluster.start({ dataDir, args: [...tiny, '--reembed'] });
    const { json } = await other.post('/search/text', { query: 'red running shoes', exact: true });
    expect(json.hits).toHaveLength(2);
    expect(json['model']).toMatch(/^tiny-bert@/);
    await other.stop();

    const again = await Cluster.start({ dataDir, args: ['--reembed'] });
    expect((await again.send('GET', '/stats')).json['model']).toEqual(before);
    const reply = await again.post('/search/text', { query: 'shoes', top_k: 1 });
    expect(reply.json.hits?.[0]?.id).toBe('1');
    await again.stop();
  } finally {
    first.remove();
  }
});

test('wrong usage ends with one line that names it', () => {
  for (const [args, expected] of [
    [['up', '--no-such-flag'], /--no-such-flag/],
    [['up', '--shards', '0'], /--shards/],
    [['up', '--port', '80.5'], /--port/],
    [['nonsense'], /nonsense/],
    [['index'], /FILE/],
  ] as const) {
    const { code, err } = run(...args);
    expect([args, code]).toEqual([args, 2]);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(err).toMatch(expected);
  }
});

test('a port or a data folder that is taken is named in one line', async () => {
  const cluster = await Cluster.start({ args: ['--model', 'none', '--dimensions', '4'] });
  try {
    const sameFolder = run('up', '--port', '0', '--data-dir', cluster.dataDir);
    expect(sameFolder.code).toBe(1);
    expect(sameFolder.err).toMatch(/is in use by process \d+/);
    const port = new URL(cluster.url).port;
    const other = join(cluster.dataDir, 'other');
    const samePort = run('up', '--port', port, '--data-dir', other, '--model', 'none');
    expect(samePort.code).toBe(1);
    expect(samePort.err).toContain(`PORT ${port} is in use`);
  } finally {
    await cluster.stop();
    cluster.remove();
  }
});
