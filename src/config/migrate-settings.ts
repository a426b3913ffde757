import type { Setting } from './setting.js';

const PLACE = /^https?:\/\/[^\s/?#@]+\/?$/;

/** How an installation is taken to another. */
export const MIGRATE_SETTINGS = {
  toHost: {
    type: 'string',
    default: undefined,
    placeholder: 'URL',
    form: { pattern: PLACE, expected: 'http://… or https://…, with host and port alone' },
    verbs: ['migrate'],
    description:
      'start, run: in place of --to, without a balancer: that machine takes the place of this one at once',
  },
  back: {
    type: 'string',
    default: undefined,
    placeholder: 'URL',
    form: { pattern: PLACE, expected: 'http://… or https://…, with host and port alone' },
    verbs: ['migrate'],
    description: 'start, run: where the new installation reaches this one; without it --url',
  },
  holdMs: {
    type: 'ms',
    default: 20_000,
    min: 1_000,
    max: 600_000,
    verbs: ['migrate'],
    description:
      'how long writes may wait while the two are compared; past 30,000 they are refused with 503 meanwhile',
  },
  dwellMs: {
    type: 'ms',
    default: 60_000,
    min: 0,
    max: 86_400_000,
    verbs: ['migrate'],
    description: 'run: how long it stays at each canary',
  },
  once: {
    type: 'boolean',
    default: false,
    verbs: ['migrate'],
    description:
      'start, next, resume: end at the step, rather than keep the new installation up from there on',
  },
} as const satisfies Record<string, Setting>;
