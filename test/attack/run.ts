import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatTable, type Row } from '../../bench/lib/table.js';
import { ATTACKS } from './attacks.js';
import { flippedBytes } from './store-attacks.js';
import { Target } from './target.js';

/**
 * `npm run attack`: each attack in turn beside a quiet shop that searches five times a second; its
 * 99th percentile must stay below 100 ms and none of its searches may fail. Exit code 1 where a bar
 * did not hold.
 */
const P99_BAR_MS = 100;
/** The contract's default. */
const TIMEOUT_MS = 1_000;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    only: { type: 'string', default: '' },
  },
});
const seconds = Number(values.seconds);
const rows: Row[] = [];
let broken = 0;

const add = (attack: string, bar: string, held: boolean, seen: string): void => {
  rows.push({ attack, bar, held: held ? 'yes' : 'NO', seen });
  if (!held) broken += 1;
};

const target = await Target.start(TIMEOUT_MS);
try {
  await sleep(5_000);
  const calm = await target.searchQuietly(10);
  add('(none)', 'quiet shop, p99 ms', true, calm.latency.p99_ms.toFixed(1));
  for (const attack of [...ATTACKS, flippedBytes]) {
    if (!new RegExp(values.only).test(attack.name)) continue;
    process.stderr.write(`• ${attack.name}\n`);
    const isOffline = attack === flippedBytes;
    const [findings, quiet] = await Promise.all([
      attack.run(target, isOffline ? 25 : seconds),
      isOffline ? undefined : target.searchQuietly(seconds),
    ]);
    for (const { bar, held, seen } of findings) add(attack.name, bar, held, seen);
    if (quiet !== undefined) {
      const { failed, refused, latency } = quiet;
      const lost = failed + refused;
      add(
        attack.name,
        'no search of the quiet shop fails',
        lost === 0,
        `${lost} of ${latency.count}`,
      );
      const p99 = latency.p99_ms;
      add(attack.name, 'quiet shop, p99 below 100 ms', p99 < P99_BAR_MS, p99.toFixed(1));
    }
    await sleep(3_000);
  }
} finally {
  await target.close();
}
process.stdout.write(`${formatTable(rows)}\n`);
process.exit(broken > 0 ? 1 : 0);
