import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { freemem, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cpuIn } from '../../src/metrics/cpu-metrics.js';
import { memoryUse } from '../../src/metrics/memory-use.js';
import { MetricsPage } from '../../src/metrics/metrics-page.js';

let root: string;
beforeEach(async () => void (root = await mkdtemp(join(tmpdir(), 'omni-machine-'))));
afterEach(() => rm(root, { recursive: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
}

const GROUP = 'sys/fs/cgroup/system.slice/shop.service';
const MIB = 2 ** 20;

/** The process is in a group below the topmost, as a service of systemd is. */
const service = (max: string): Record<string, string> => ({
  'proc/self/cgroup': '1:name=systemd:/elsewhere\n0::/system.slice/shop.service\n',
  'proc/meminfo': 'MemTotal: 8 kB\nMemAvailable:     1024 kB\n',
  'sys/fs/cgroup/memory.stat': 'inactive_file 1\n',
  [`${GROUP}/memory.max`]: `${max}\n`,
  [`${GROUP}/memory.current`]: `${50 * MIB}\n`,
  [`${GROUP}/memory.stat`]: `anon 1\ninactive_file ${10 * MIB}\n`,
});

test('memory is that of the own group where it has a limit', async () => {
  await write(service(String(64 * MIB)));
  expect(await memoryUse(root)).toEqual({ used: 40 * MIB, limit: 64 * MIB });
});

test.each(['max', String(2 * totalmem())])(
  'memory and its limit are the machine’s where that of the group is %s',
  async (max) => {
    await write(service(max));
    expect(await memoryUse(root)).toEqual({ used: totalmem() - MIB, limit: totalmem() });
  },
);

test('memory and its limit are the machine’s where the group cannot be read', async () => {
  await write({ ...service(String(64 * MIB)), 'proc/self/cgroup': '0::/hidden\n' });
  expect(await memoryUse(root)).toEqual({ used: totalmem() - MIB, limit: totalmem() });
  await rm(join(root, 'proc'), { recursive: true });
  const { used, limit } = await memoryUse(root);
  expect(limit).toBe(totalmem());
  expect(Math.abs(used - (limit - freemem()))).toBeLessThan(limit);
});

test('processors and what they were busy are read of one text', () => {
  const stat = 'cpu  1000 200 300 99999 88888 40 60 7 5 5\ncpu0 1 2 3\ncpu1 1 2 3\nintr 5 cpu9\n';
  expect(cpuIn(stat)).toEqual({ usedSeconds: 16, cores: 2 });
});

test('a page does not wait for what hangs, nor asks for it again', async () => {
  const page = new MetricsPage({ role: 'worker', version: '1' });
  let asked = 0;
  let answer = (): void => undefined;
  page.onScrape(() => {
    asked += 1;
    return asked > 1 ? undefined : new Promise<void>((resolve) => (answer = resolve));
  });
  page.level('asked', 'How often it was asked for.', () => asked);
  expect(await page.render()).toContain('\nasked 1\n');
  expect(await page.render()).toContain('\nasked 1\n');
  answer();
  await new Promise(setImmediate);
  expect(await page.render()).toContain('\nasked 2\n');
});

test('what fails at once is asked for again', async () => {
  const page = new MetricsPage({ role: 'worker', version: '1' });
  const failures = [new Error('away')];
  page.onScrape(() => {
    for (const failure of failures.splice(0)) throw failure;
  });
  await expect(page.render()).rejects.toThrow('away');
  expect(await page.render()).toContain('build_info');
});
