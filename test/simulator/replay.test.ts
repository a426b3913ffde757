import { expect, test } from 'vitest';
import { replay } from '../../bench/simulator/replay.js';
import { SCALED_DAYS } from '../../bench/simulator/scaled-days.js';
import { readPolicy, type Policy } from '../../src/capacity/autoscale/policy.js';
import { CountedNodes } from './counted-nodes.js';

/** What a search took of a query node, as it was measured. */
const SEARCH_MS = 4.5;
const AT_FIRST = 3;

test.each(SCALED_DAYS.map((day) => [day.name, day] as const))(
  '24 hours, %s: at most 6 changes an hour, 1.3 times what an oracle takes, and fast',
  (_, { policy: file, spec }) => {
    const policy = readPolicy(file) as Policy;
    const nodes = new CountedNodes(AT_FIRST, SEARCH_MS);
    const { mostChangesAnHour, nodeHours, oracleNodeHours, looks } = replay({
      ...{ ...spec, policy, nodes },
    });
    expect(mostChangesAnHour).toBeLessThanOrEqual(6);
    expect(nodeHours / oracleNodeHours).toBeLessThanOrEqual(1.3);
    // So few that they are not among the 99 of 100.
    expect(nodes.slow / nodes.searches).toBeLessThan(0.005);
    const { isDead } = spec;
    for (const [i, look] of looks.entries()) {
      if (isDead?.(look.atMs) !== true) continue;
      expect(look.nodes).toBeGreaterThanOrEqual(looks[i - 1]?.nodes ?? 0);
    }
  },
);
