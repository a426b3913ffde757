import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultyLink } from '../faulty-link.js';
import type { Fault } from '../faults.js';
import { pick, type Deed } from './deed.js';

const WAYS = [['said'], ['heard'], ['said', 'heard']] as const;

/** To one of those between query nodes and shards, or to that of the store. */
export const TO_LINKS: readonly Deed[] = [
  does('link slow', 'slow-link', 2, async (link, random) => {
    const delayMs = 200 * random() ** 2;
    await during(link, random, { delayMs, jitterMs: 2 * delayMs });
  }),
  does('link narrow', 'narrow-link', 1, (link, random) =>
    during(link, random, { bytesPerS: 10 ** (4 + 2 * random()) }),
  ),
  does('connections dropped', 'broken-link', 2, async (link) => link.drop()),
  does('link flapping', 'broken-link', 1, async (link, random) => {
    for (let left = 10; left > 0; left--) {
      link.drop();
      await sleep(200 * random());
    }
  }),
  does('link silent', 'half-open-link', 2, (link, random) =>
    during(link, random, { mute: pick(WAYS, random), swallows: random() < 0.5 }),
  ),
  does('nobody answers new connections', 'half-open-link', 1, async (link, random) => {
    const condition = during(link, random, { swallows: true });
    link.drop();
    await condition;
  }),
  does('connections forgotten', 'half-open-link', 1, async (link) => link.forget()),
];

function does(
  name: string,
  fault: Fault,
  weight: number,
  run: (link: FaultyLink, random: () => number) => Promise<void>,
): Deed {
  return { name, fault, weight, run: ({ links }, random) => run(pick(links, random), random) };
}

async function during(
  link: FaultyLink,
  random: () => number,
  condition: Parameters<FaultyLink['become']>[0],
): Promise<void> {
  link.become(condition);
  await sleep(300 + 2_500 * random());
  link.become({});
}
