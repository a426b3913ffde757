import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runIndex } from '../../src/cli/index-command.js';
import { IndexProgress } from '../../src/cli/index/index-progress.js';
import { RejectedRows } from '../../src/cli/index/rejected-rows.js';
import { OmniError } from '../../src/core/errors.js';
import { openHttp } from '../http/harness.js';
import { IndexHarness, lines } from './index-harness.js';

let shop: IndexHarness;
beforeEach(async () => {
  shop = await IndexHarness.open();
});
afterEach(() => shop.close());

test('a feed is sent; a second run changes and embeds nothing', async () => {
  const file = await shop.feed('shop.ndjson.gz', gzipSync(lines(105)));
  expect(await runIndex(shop.config, [file])).toBe(0);
  expect(await shop.node.store.productCount()).toBe(105);
  expect(shop.printed.join('')).toContain('105 rows in');
  shop.node.encoder.embedded = [];
  shop.printed.length = 0;
  expect(await runIndex({ ...shop.config, wait: true }, [file])).toBe(0);
  expect(shop.printed.join('')).toContain('105 accepted (105 unchanged, 0 stale), 0 rejected');
  expect(shop.node.encoder.embedded).toEqual([]);
  expect(await shop.node.store.productCount()).toBe(105);
});

test('rejected rows: exit 3, each in the file with its own line', async () => {
  const dirty = [lines(12), '', '{"id":"bad","title":7,"category":"c"}', '{broken', lines(1)];
  const file = await shop.feed('dirty.ndjson', dirty.join('\r\n'));
  const rejects = join(shop.dir, 'rejects.ndjson');
  expect(await runIndex({ ...shop.config, rejects }, [file])).toBe(3);
  const rows = (await readFile(rejects, 'utf8')).trim().split('\n');
  expect(rows.map((row) => JSON.parse(row) as unknown)).toEqual([
    {
      file,
      line: 14,
      id: 'bad',
      field: 'title',
      code: 'invalid_field',
      message: 'title must be a string, got 7',
    },
    { file, line: 15, code: 'invalid_json', message: expect.any(String) as string },
  ]);
});

test('a feed of nothing but bad rows is exit 3, not a failure', async () => {
  const file = await shop.feed('bad.ndjson', '{"id":"1"}\n{"id":"2"}');
  expect(await runIndex(shop.config, [file])).toBe(3);
});

test('CSV with mapped fields', async () => {
  const file = await shop.feed(
    'shop.csv',
    'sku,name,category,price,in_stock\n1,Mouse,Mice,9.5,true\n',
  );
  const map = [
    ['id', 'sku'],
    ['title', 'name'],
  ] as const;
  expect(await runIndex({ ...shop.config, map }, [file])).toBe(0);
  expect((await shop.node.send('GET', '/products/1')).json()).toEqual({
    id: '1',
    title: 'Mouse',
    category: 'Mice',
    price: 9.5,
    in_stock: true,
  });
});

test('the last of equal ids wins, however many requests are in flight', async () => {
  const rows = Array.from({ length: 90 }, (_, i) =>
    JSON.stringify({ id: `p${i % 9}`, title: 't', category: 'c', price: i }),
  );
  const file = await shop.feed('doubles.ndjson', rows.join('\n'));
  expect(await runIndex({ ...shop.config, batchRows: 1 }, [file])).toBe(0);
  for (let i = 0; i < 9; i++) {
    const { price } = (await shop.node.send('GET', `/products/p${i}`)).json();
    expect(price).toBe(81 + i);
  }
});

test('a server that asks for patience is asked again', async () => {
  const file = await shop.feed('shop.ndjson', lines(30));
  const embed = shop.node.encoder.embedProducts.bind(shop.node.encoder);
  let failures = 2;
  shop.node.encoder.embedProducts = async (texts) => {
    if (failures-- > 0) throw new OmniError('overloaded', 'busy', { retryAfterMs: 1 });
    return embed(texts);
  };
  expect(await runIndex(shop.config, [file])).toBe(0);
  expect(await shop.node.store.productCount()).toBe(30);
});

test('--wait: shards that lag are named, and the exit code is 1', async () => {
  const file = await shop.feed('shop.ndjson', lines(3));
  shop.node.fleet.lagging = ['s2'];
  expect(await runIndex({ ...shop.config, wait: true }, [file])).toBe(1);
  expect(shop.printed.join('')).toContain('not searchable yet on s2');
});

test('what cannot be finished is exit 1, wrong usage 2', async () => {
  expect(await runIndex(shop.config, [])).toBe(2);
  expect(await runIndex({ ...shop.config, resume: true }, ['-'])).toBe(2);
  expect(await runIndex(shop.config, [join(shop.dir, 'nothing.ndjson')])).toBe(1);
  await shop.node.close();
  shop.node = await openHttp({ apiKey: 'secret' });
  const port = await shop.node.server.listen({ port: 0, host: '127.0.0.1' });
  const file = await shop.feed('shop.ndjson', lines(3));
  const locked = { ...shop.config, url: `http://127.0.0.1:${port}` };
  expect(await runIndex(locked, [file])).toBe(1);
  expect(shop.printed.join('')).toContain('unauthorized');
  expect(await runIndex({ ...locked, apiKey: 'secret' }, [file])).toBe(0);
});

test('killed with -9 and resumed: what was acknowledged is not sent again, all is there', async () => {
  const file = await shop.feed('long.ndjson', lines(2_000));
  const embed = shop.node.encoder.embedProducts.bind(shop.node.encoder);
  let hold: () => void = () => undefined;
  shop.node.encoder.embedProducts = async (texts) => {
    // From the 1,000th product on the server takes its time.
    if (shop.node.encoder.embedded.length > 1_000) {
      await new Promise<void>((resolve) => (hold = resolve));
    }
    return embed(texts);
  };
  const script = fileURLToPath(new URL('index-child.ts', import.meta.url));
  const args = [
    '--import',
    'tsx',
    script,
    JSON.stringify({ ...shop.config, concurrency: 1, batchRows: 50 }),
    file,
  ];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  while (
    shop.node.encoder.embedded.length <= 1_000 ||
    (await shop.node.store.productCount()) < 1_000
  ) {
    expect(child.exitCode).toBeNull();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  child.kill('SIGKILL');
  await exited;
  hold();
  shop.node.encoder.embedProducts = embed;

  expect(await runIndex({ ...shop.config, resume: true }, [file])).toBe(0);
  expect(await shop.node.store.productCount()).toBe(2_000);
  const sent = Number(/(\d+) rows in/.exec(shop.printed.join(''))?.[1]);
  expect(sent).toBeLessThanOrEqual(1_050);
  expect(sent).toBeGreaterThan(0);

  shop.printed.length = 0;
  expect(await runIndex({ ...shop.config, resume: true }, [file])).toBe(0);
  expect(shop.printed.join('')).toContain('2000 rows in');
});

test('a feed that changed since is not resumed in the middle', async () => {
  const file = await shop.feed('shop.ndjson', lines(40));
  const embed = shop.node.encoder.embedProducts.bind(shop.node.encoder);
  shop.node.encoder.embedProducts = async (texts) => {
    if (shop.node.encoder.embedded.length >= 20) throw new OmniError('invalid_field', 'no more');
    return embed(texts);
  };
  expect(await runIndex({ ...shop.config, concurrency: 1 }, [file])).toBe(1);
  shop.node.encoder.embedProducts = embed;
  await writeFile(file, lines(41));
  shop.printed.length = 0;
  expect(await runIndex({ ...shop.config, resume: true }, [file])).toBe(0);
  expect(shop.printed.join('')).toContain('41 rows in');
});

test('rejected rows are shown with their reasons, the first five, and what helps is named', async () => {
  const bad = Array.from({ length: 7 }, (_, i) => `{"id":"b${i}","title":${i},"category":"c"}`);
  const file = await shop.feed('bad.ndjson', [lines(2), ...bad].join('\n'));
  expect(await runIndex({ ...shop.config, batchRows: 100 }, [file])).toBe(3);
  const told = shop.printed
    .join('')
    .split('\n')
    .filter((line) => line.startsWith('rejected: '));
  expect(told).toEqual([
    ...[3, 4, 5, 6, 7].map((line) => {
      const id = `b${line - 3}`;
      return `rejected: ${file}, line ${line}, id "${id}": title must be a string, got ${line - 3}`;
    }),
    'rejected: and 2 more. --rejects FILE lists them all; --map OURS=THEIRS renames fields',
  ]);
});

test('of several files the one that cannot be read is named', async () => {
  const good = await shop.feed('good.csv', 'id,title,category\n1,x,c\n');
  for (const [name, content, reason] of [
    ['empty.csv', '', 'the file is empty'],
    ['header.csv', 'id,title\n', 'a header and no rows'],
    ['shop.xml', '<?xml version="1.0"?><rss></rss>', 'XML without an <item>'],
    ['page.csv', '<!doctype html><title>Sorry</title>', 'an HTML page, "Sorry", no CSV'],
    ['json.csv', '[{"id":"1"}]', 'the file is JSON, no CSV'],
    ['twice.csv', 'id,id\n1,2\n', 'is twice in the header'],
    ['broken.json', '[{"id":"1"}', 'not a JSON array'],
  ] as const) {
    shop.printed.length = 0;
    const file = await shop.feed(name, content);
    expect([name, await runIndex(shop.config, [good, file])]).toEqual([name, 1]);
    const last = shop.printed.join('').trim().split('\n').at(-1);
    expect(last).toContain(`omnisearch: ${file}`);
    expect(last).toContain(reason);
  }
});

test('a name of --map that no row has is named', async () => {
  const file = await shop.feed('shop.ndjson', '{"id":"1","name":"A","category":"c"}');
  const map = [
    ['title', 'name'],
    ['attributes.color', 'colour'],
  ] as const;
  expect(await runIndex({ ...shop.config, map }, [file])).toBe(0);
  expect(shop.printed.join('')).toContain(
    `omnisearch: ${file}: no row has colour (--map attributes.color=colour)`,
  );
});

test('a mapped attribute of a JSON file can be filtered by', async () => {
  const file = await shop.feed(
    'shop.json',
    '[{"id":"1","title":"A","category":"c","colour":"red"}]',
  );
  const map = [['attributes.color', 'colour']] as const;
  expect(await runIndex({ ...shop.config, map }, [file])).toBe(0);
  const product = (await shop.node.send('GET', '/products/1')).json();
  expect(product).toEqual({ id: '1', title: 'A', category: 'c', attributes: { color: 'red' } });
});

test('a pipe has no share, and no share is beyond 100 %', async () => {
  const out = { isTTY: false, write: (text: string) => shop.printed.push(text) > 0 };
  vi.useFakeTimers();
  try {
    for (const total of [undefined, 0, 10]) {
      const counts = { rows: 1, accepted: 1, unchanged: 0, stale: 0, rejected: 0 };
      const bytes = () => ({ read: 287, total });
      const progress = new IndexProgress(counts, bytes, out as unknown as NodeJS.WriteStream);
      vi.advanceTimersByTime(3_000);
      progress.stop();
    }
  } finally {
    vi.useRealTimers();
  }
  expect(shop.printed.map((line) => line.split(',')[0])).toEqual([
    '1 rows',
    '1 rows (100 %)',
    '1 rows (100 %)',
  ]);
});

test('a file of nothing but tiny bad rows ends the run, with a bounded list', async () => {
  const rejects = join(shop.dir, 'rejects.ndjson');
  const file = await shop.feed('ones.json.gz', gzipSync(`[${'1,'.repeat(2_000_000)}1]`));
  const flood = { ...shop.config, rejects, batchRows: 1_000 };
  expect(await runIndex(flood, [file])).toBe(1);
  expect(shop.printed.join('')).toMatch(/stopped, the first 1\d{4} rows were all rejected/);
  const listed = (await readFile(rejects, 'utf8')).trim().split('\n');
  expect(listed.length).toBeLessThan(20_000);
}, 60_000);

test('past its bound the list of rejected rows says so, and holds no more', async () => {
  const path = join(shop.dir, 'rejects.ndjson');
  const rejects = await RejectedRows.open(path, false);
  const rows = Array.from({ length: 10_000 }, (_, i) => ({
    line: i,
    code: 'invalid_json' as const,
    message: 'no',
  }));
  for (let i = 0; i < 11; i++) await rejects.add('f', rows);
  expect(rejects.summary().at(-1)).toContain('lists the first 100000');
  await rejects.close();
  expect((await readFile(path, 'utf8')).trim().split('\n')).toHaveLength(100_000);
});
