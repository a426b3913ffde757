import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chaos, type ChaosResult } from './chaos.js';
import { FAULTS, whyNoMongo, type Fault } from './faults.js';
import { planted, PLANTS, type PlantName } from './plant.js';
import type { StoreKind } from './world.js';

/**
 * `npm run chaos -- --seconds 600 --seed 1`: see `chaos`; two thirds of the time on LMDB, one on MongoDB, or all on that of
 * `--store`. `--faults kill,clock`: only by these. `--log FILE` gets what the processes said. With `--plant join | epoch | partial` the code has that
 * mistake, which is to be found. Exit code 1 where something is wrong, or a planted mistake was not found.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    store: { type: 'string' },
    faults: { type: 'string', default: FAULTS.join(',') },
    plant: { type: 'string' },
    log: { type: 'string' },
  },
});
const seconds = Number(values.seconds);
const plant = oneOf('plant', values.plant, Object.keys(PLANTS) as PlantName[]);
const store = oneOf('store', values.store, ['lmdb', 'mongo'] as const);
const faults = values.faults.split(',').map((name) => oneOf('faults', name, FAULTS) as Fault);

const code = plant === undefined ? undefined : await planted(plant);
let violations = 0;
try {
  for (const [kind, share] of worlds()) {
    const result = await chaos({
      ...{ seconds: seconds * share, seed: Number(values.seed), store: kind, faults },
      ...(code === undefined ? {} : { main: code.main, isEnough: true }),
    });
    tell(kind, result);
    if (values.log !== undefined) appendFileSync(values.log, result.log);
    violations += result.violations.length;
    if (plant !== undefined && violations > 0) break;
  }
  process.exitCode = violations > 0 === (plant !== undefined) ? 0 : 1;
} finally {
  code?.remove();
}

/** The stores, each with its share of the time. */
function worlds(): [StoreKind, number][] {
  if (store !== undefined) return [[store, 1]];
  const reason = whyNoMongo();
  if (reason !== undefined) console.log(`  skipped: MongoDB: ${reason}`);
  return reason === undefined
    ? [
        ['lmdb', 2 / 3],
        ['mongo', 1 / 3],
      ]
    : [['lmdb', 1]];
}

function tell(kind: StoreKind, result: ChaosResult): void {
  const { violations, counts, deeds, skipped, caughtAfterS, healedAfterS } = result;
  console.log(`on ${kind}:`);
  for (const [name, count] of deeds) console.log(`${String(count).padStart(6)} × ${name}`);
  for (const [fault, reason] of skipped) console.log(`  skipped: ${fault}: ${reason}`);
  console.log(
    `${counts.writes} writes acknowledged; ${counts.answers} answers: ${counts.whole} whole, ` +
      `${counts.partial} partial; ${counts.failed} failed; ${counts.broken} connections broke`,
  );
  if (healedAfterS !== undefined) console.log(`whole again after ${healedAfterS.toFixed(1)} s`);
  for (const violation of violations.slice(0, 20)) console.log(`! ${violation}`);
  const found = caughtAfterS === undefined ? '' : `, the first after ${caughtAfterS.toFixed(1)} s`;
  console.log(`${violations.length} violations${found}`);
}

function oneOf<T extends string>(
  flag: string,
  value: string | undefined,
  known: readonly T[],
): T | undefined {
  if (value === undefined || known.includes(value as T)) return value as T | undefined;
  console.error(`--${flag} takes ${known.join(', ')}`);
  process.exit(2);
}
