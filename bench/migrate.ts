import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bench } from './lib/bench.js';
import { ingest } from './lib/ingest.js';
import { lost, MigrateLoad, product } from './lib/migrate-load.js';
import { OmniServer } from './lib/omni-server.js';
import { REPOSITORY } from './lib/paths.js';
import { print } from './lib/report.js';
import { formatTable } from './lib/table.js';

const FLAGS = {
  products: { default: 5_000, help: 'of the shop' },
  searches: { default: 100, help: 'per second' },
  writes: { default: 20, help: 'new prices per second' },
  dwell: { default: 3, help: 'seconds at each step before the command is killed' },
};
const MAIN = join(REPOSITORY, 'dist', 'cli', 'main.js');
const ADMIN_KEY = 'an-admin-key';
const STEPS = ['following', 'validated', 'canary-10', 'canary-25', 'canary-100', 'cut'];

interface Phase {
  step: string;
  seconds: number;
  searches: number;
  writes: number;
  failed: number;
  lost: number;
  slowest_write_ms: number;
}

await bench(
  {
    name: 'migrate',
    about:
      'From one server to two and back again at each step, under searches and writes at the old one; the command is killed at each step.',
    maxMinutes: ({ dwell }) => 4 + Math.ceil((STEPS.length * STEPS.length * (dwell + 6)) / 60),
    flags: FLAGS,
  },
  async (run) => {
    const { products, searches, writes, dwell } = run.flags;
    const options = { model: 'none', dimensions: 4, env: { OMNISEARCH_ADMIN_KEY: ADMIN_KEY } };
    const old = await run.start(OmniServer.start({ ...options, shards: 1 }));
    const next = await run.start(OmniServer.start({ ...options, shards: 2, queryNodes: 2 }));
    await ingest(old.client, products, (row) => JSON.stringify(product(row, 0)));
    const begin = ['--url', old.url, '--to', next.url];
    const phases: Phase[] = [];
    // Back from each step in turn, the command killed on the way to it and at it.
    for (const [at, last] of STEPS.entries()) {
      const load = new MigrateLoad({
        ...{ url: old.url, products, searchesPerS: searches, writesPerS: writes },
      });
      const begunMs = performance.now();
      for (const step of STEPS.slice(0, at + 1)) {
        await killedAt(old, step, [step === 'following' ? 'start' : 'next', ...begin], dwell);
      }
      await ended(command(['rollback', ...begin]));
      await load.stop();
      const missing = await lost(old.url, load);
      phases.push({
        ...{ step: last, seconds: Math.round((performance.now() - begunMs) / 1_000) },
        ...{ searches: load.searches, writes: load.writes, failed: load.failed.length },
        lost: missing.length,
        slowest_write_ms: Math.round(load.slowestMs),
      });
      for (const [what, times] of kinds(load.failed)) print(`${String(times)} times`, what);
    }
    const rate = `${String(searches)} searches and ${String(writes)} writes a second`;
    print(rate, formatTable(phases.map((each) => ({ ...each }))));
    const sum = (of: (phase: Phase) => number): number => phases.reduce((n, p) => n + of(p), 0);
    return {
      data: { products, searches, writes },
      results: phases,
      figures: [
        { name: 'searches', value: sum((p) => p.searches), unit: '' },
        { name: 'writes', value: sum((p) => p.writes), unit: '' },
        { name: 'failed', value: sum((p) => p.failed), unit: '' },
        { name: 'lost', value: sum((p) => p.lost), unit: '' },
      ],
    };
  },
);

/** Failures that are alike, and how often each came. */
function kinds(failed: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of failed) {
    const kind = line.replaceAll(/"(query_id|request_id)":"[^"]*"|[\d.]{4,}/g, '…').slice(0, 200);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

function command(words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, 'migrate', ...words, '--admin-key', ADMIN_KEY], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

/** Starts a command, kills it a while after it has come to the step, and has another go on with what was begun. */
async function killedAt(
  { url }: OmniServer,
  step: string,
  words: readonly string[],
  dwellS: number,
): Promise<void> {
  let child = command(words);
  // In the middle of the way, and once more at its end.
  if (words[0] === 'next') {
    await sleep(dwellS * 200);
    child.kill('SIGKILL');
    if ((await stepOf(url)) !== step) child = command(words);
  }
  const isOver = once(child, 'exit');
  while ((await stepOf(url)) !== step) {
    if (child.exitCode !== null && child.exitCode !== 0) {
      throw new Error(`${words.join(' ')}: ${String(child.stderr?.read())}`);
    }
    await sleep(50);
  }
  await sleep(dwellS * 1_000);
  child.kill('SIGKILL');
  await isOver;
}

async function stepOf(url: string): Promise<string | undefined> {
  const headers = { authorization: `Bearer ${ADMIN_KEY}` };
  const reply = await fetch(`${url}/admin/handover`, { headers });
  const json: unknown = await reply.json();
  return (json as { handover: { walk: { step: string } } | null }).handover?.walk.step;
}

async function ended(child: ChildProcess): Promise<void> {
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`omnisearch migrate: ${String(child.stderr?.read())}`);
}
