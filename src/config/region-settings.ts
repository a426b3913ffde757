import type { Setting } from './setting.js';
import { SERVING } from './verbs.js';

/** A region that serves a copy of another deployment. */
export const REGION_SETTINGS = {
  regionOf: {
    type: 'string',
    default: undefined,
    placeholder: 'URL',
    form: { pattern: /^https?:\/\/[^\s/?#]+(\/[^\s?#]*)?$/, expected: 'http://… or https://…' },
    // A worker leaves to the primary what is the primary's to do.
    verbs: [...SERVING, 'worker'],
    description:
      'LMDB: the OmniSearch that this one follows: all that it has is copied from there, and nothing else is written; unset: it follows none',
  },
  regionKey: {
    type: 'string',
    default: undefined,
    placeholder: 'KEY',
    form: { pattern: /^[\x21-\x7e]+$/, expected: 'a key, without spaces' },
    secret: true,
    verbs: SERVING,
    description: 'an admin key of REGION_OF',
  },
  regionWrites: {
    type: 'enum',
    choices: ['forward', 'refuse'],
    default: 'forward',
    verbs: SERVING,
    description: 'what becomes of writes to a region: the primary answers them, or 409',
  },
  regionMaxLagMs: {
    type: 'ms',
    default: undefined,
    min: 1_000,
    max: 604_800_000,
    verbs: SERVING,
    description:
      'a region that is further behind is not ready; unset: it serves on, whatever its age',
  },
  regionPollMs: {
    type: 'ms',
    default: 200,
    min: 10,
    max: 60_000,
    verbs: SERVING,
    description:
      'a region asks its primary what changed, so long after the last answer; a quarter of it while something does',
  },
} as const satisfies Record<string, Setting>;
