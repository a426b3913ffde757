import type { ReplaySpec } from './replay.js';
import { DAY_MS, flapping, HOUR_MS, shopDay, slopes } from './shop-day.js';

/** Searches a second at the busiest hour of a usual day. */
const BUSIEST = 700;
const NODES = { query_nodes: { min: 1, max: 30 } };
/** The shop knows of its sales: the nodes are there ten minutes before. */
const SCHEDULE = [
  { min: 12, from: '50 11 * * *', until: '0 13 * * *', time_zone: 'UTC' },
  { min: 11, from: '50 19 * * *', until: '30 20 * * *', time_zone: 'UTC' },
];
const MINUTE_MS = 60_000;
/** What clouds take to start a machine, and it to be ready. */
const START_MS = 90_000;

/** A load, and what is asked of a policy beside it. */
export interface ScaledDay {
  name: string;
  /** As a policy file has it. */
  policy: object;
  spec: Omit<ReplaySpec, 'policy' | 'nodes'>;
}

function day(name: string, more: Partial<ScaledDay['spec']> & Pick<ReplaySpec, 'load'>): ScaledDay {
  const beginsAtMs = Date.UTC(2026, 10, 27);
  const spec = { durationMs: DAY_MS, beginsAtMs, startMs: START_MS, ...more };
  return { name, policy: NODES, spec };
}

/** 24 hours each. In the dead hours of the last one the figures of the nodes cannot be read: as load rises, and as it falls. */
export const SCALED_DAYS: readonly ScaledDay[] = [
  {
    ...day('two flash sales, scheduled', { load: shopDay(BUSIEST) }),
    policy: { ...NODES, schedule: SCHEDULE },
  },
  day('two flash sales, unannounced', { load: shopDay(BUSIEST) }),
  day('slopes of three hours', { load: slopes(100, 1_200, 3 * HOUR_MS) }),
  day('flapping every four minutes', { load: flapping(200, 600, 4 * MINUTE_MS) }),
  day('dead sources', {
    load: shopDay(BUSIEST, []),
    isDead: (atMs) => (atMs > 2 * HOUR_MS && atMs < 4 * HOUR_MS) || atMs > 21 * HOUR_MS,
  }),
];
