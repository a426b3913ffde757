import type { Setting } from './setting.js';

/** When a source is imported again, and what of it. */
export const SYNC_SETTINGS = {
  schedule: {
    type: 'string',
    default: undefined,
    placeholder: 'CRON',
    verbs: ['sync'],
    description: 'when, as cron writes it, e.g. "0 3 * * *"; without it once, now',
  },
  timeZone: {
    type: 'string',
    default: 'UTC',
    placeholder: 'ZONE',
    verbs: ['sync'],
    description: 'of the schedule, e.g. Europe/Berlin',
  },
  watch: {
    type: 'string',
    default: undefined,
    placeholder: 'DIR',
    form: { pattern: /\S/, expected: 'a folder' },
    verbs: ['sync'],
    description: 'a folder: each file that appears or changes in it is imported',
  },
} as const satisfies Record<string, Setting>;
