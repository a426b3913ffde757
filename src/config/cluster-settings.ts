import { DAY_MS } from '../core/days.js';
import type { Setting } from './setting.js';
import { EMBEDDING, NODES } from './verbs.js';

/** Of how many processes a cluster is made, and what it does about those that are dead, full or busy. */
export const CLUSTER_SETTINGS = {
  shards: {
    type: 'integer',
    default: undefined,
    min: 1,
    max: 64,
    verbs: ['up'],
    description:
      'parts of the data; another number than last time moves what has to move; by itself half as many as there are cores, 1 to 4',
  },
  replicas: {
    type: 'integer',
    default: 1,
    min: 1,
    max: 16,
    unit: 'copies',
    verbs: [...EMBEDDING, 'plan'],
    description: 'shard processes that hold each part, as far as there are so many',
  },
  leaseMs: {
    type: 'integer',
    default: 3_000,
    min: 500,
    max: 600_000,
    unit: 'ms',
    verbs: [...NODES, 'autoscale', 'balancer'],
    description: 'without a sign of life for so long a node counts as dead; the same on all',
  },
  replaceAfterMs: {
    type: 'ms',
    default: 300_000,
    min: 0,
    max: 7 * DAY_MS,
    verbs: EMBEDDING,
    description: 'what a node held that is dead for so long is built on others; 0: never',
  },
  auto: {
    type: 'boolean',
    default: false,
    verbs: EMBEDDING,
    description: 'nodes past 80 % of their memory or load are relieved, one step at a time',
  },
  coolDownMs: {
    type: 'ms',
    default: 300_000,
    min: 1_000,
    max: DAY_MS,
    verbs: EMBEDDING,
    description: 'with AUTO: from the end of one step until it is seen whether there is a next one',
  },
} as const satisfies Record<string, Setting>;
