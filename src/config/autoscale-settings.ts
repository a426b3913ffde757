import type { Setting } from './setting.js';

/** What has more or fewer processes run. Without `up` and `down`: `omnisearch up` of this machine. */
export const AUTOSCALE_SETTINGS = {
  policy: {
    type: 'string',
    default: undefined,
    placeholder: 'FILE',
    form: { pattern: /\S/, expected: 'a file' },
    verbs: ['up', 'autoscale'],
    description:
      'how many query nodes, workers and shard nodes there are to be (JSON, see docs/autoscale.md)',
  },
  up: {
    type: 'string',
    default: undefined,
    placeholder: 'COMMAND',
    form: { pattern: /\S/, expected: 'a command for sh' },
    verbs: ['autoscale'],
    description: 'what has more run, over hosts: by the variables ROLE, FROM, TO, REASON',
  },
  down: {
    type: 'string',
    default: undefined,
    placeholder: 'COMMAND',
    form: { pattern: /\S/, expected: 'a command for sh' },
    verbs: ['autoscale'],
    description: 'what has fewer run, over hosts: by the same variables',
  },
  count: {
    type: 'string',
    default: undefined,
    placeholder: 'COMMAND',
    form: { pattern: /\S/, expected: 'a command for sh' },
    verbs: ['autoscale'],
    description: 'what prints how many of ROLE there are, over hosts: by that variable',
  },
  hookTimeoutMs: {
    type: 'ms',
    default: 60_000,
    min: 100,
    max: 3_600_000,
    verbs: ['autoscale'],
    description: 'a command that takes longer is ended, and has failed',
  },
} as const satisfies Record<string, Setting>;
