import { parseArgs } from 'node:util';
import { chaos } from './chaos.js';
import { planted, PLANTS, type PlantName } from './plant.js';

/**
 * `npm run chaos -- --seconds 600 --seed 1`: see `chaos`. With `--plant join | epoch | partial` the code has that
 * mistake, which is to be found. Exit code 1 where something is wrong, or a planted mistake was not found.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    plant: { type: 'string' },
  },
});
const { plant } = values;
if (plant !== undefined && !(plant in PLANTS))
  throw new Error(`--plant takes ${Object.keys(PLANTS).join(', ')}`);
const code = plant === undefined ? undefined : planted(plant as PlantName);
try {
  const { violations, counts, deeds, caughtAfterS } = await chaos({
    seconds: Number(values.seconds),
    seed: Number(values.seed),
    ...(code === undefined ? {} : { main: code.main, isEnough: true }),
  });
  for (const [name, count] of deeds) console.log(`${String(count).padStart(6)} × ${name}`);
  console.log(
    `${counts.writes} writes acknowledged; ${counts.answers} answers: ${counts.whole} whole, ` +
      `${counts.partial} partial; ${counts.failed} failed; ${counts.broken} connections broke`,
  );
  for (const violation of violations.slice(0, 20)) console.log(`! ${violation}`);
  const found = caughtAfterS === undefined ? '' : `, the first after ${caughtAfterS.toFixed(1)} s`;
  console.log(`${violations.length} violations${found}`);
  process.exitCode = violations.length > 0 === (plant !== undefined) ? 0 : 1;
} finally {
  code?.remove();
}
