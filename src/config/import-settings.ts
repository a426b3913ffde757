import { DAY_MS } from '../core/days.js';
import type { Setting } from './setting.js';
import { EMBEDDING, SERVING } from './verbs.js';

const HOST = String.raw`(http:\/\/)?(\*|\[[\da-fA-F:.]+\]|[\p{L}\p{N}._-]+)(:\d{1,5})?`;

/** Feeds that are written in the background, and who works on them. */
export const IMPORT_SETTINGS = {
  jobs: {
    type: 'integer',
    default: 2,
    min: 0,
    max: 64,
    unit: 'imports',
    verbs: SERVING,
    description: 'imports that a query node works on at once; 0 leaves all jobs to workers',
  },
  importHosts: {
    type: 'string',
    default: undefined,
    placeholder: 'HOSTS',
    form: {
      pattern: new RegExp(`^${HOST}(,${HOST})*$`, 'u'),
      expected:
        'hosts with commas between, e.g. feeds.example,pim.example:8443,http://10.0.0.5; *: any public one',
    },
    verbs: EMBEDDING,
    description:
      'hosts whose URLs an import may read, by https unless http:// stands before; unset: none',
  },
  importSpoolBytes: {
    type: 'bytes',
    default: 10_737_418_240,
    min: 1_048_576,
    max: 1_125_899_906_842_624,
    verbs: EMBEDDING,
    description: 'what the imports of a tenant that wait, run or failed may have in the store',
  },
  importRetentionMs: {
    type: 'ms',
    default: 7 * DAY_MS,
    min: 60_000,
    max: 3_650 * DAY_MS,
    verbs: EMBEDDING,
    description: 'how long an import that has ended can be looked at, or tried again',
  },
  importAttempts: {
    type: 'integer',
    default: 10,
    min: 1,
    max: 1_000,
    unit: 'attempts',
    verbs: EMBEDDING,
    description: 'after so many failures an import has failed, and the next one begins',
  },
  importTimeoutMs: {
    type: 'ms',
    default: DAY_MS,
    min: 1_000,
    max: 365 * DAY_MS,
    verbs: EMBEDDING,
    description: 'how long an import may be worked on, pauses left out',
  },
  pruneConfirmShare: {
    type: 'share',
    default: 0.2,
    min: 0,
    max: 1,
    verbs: EMBEDDING,
    description: 'an import that would delete more of the catalogue waits for its confirmation',
  },
} as const satisfies Record<string, Setting>;
