import type { Setting } from './setting.js';
import { SERVING } from './verbs.js';

/** Who may ask a node, and what `omnisearch keys` is told. */
export const KEY_SETTINGS = {
  keysSecret: {
    type: 'string',
    default: undefined,
    placeholder: 'SECRET',
    form: { pattern: /^\S{16,}$/, expected: 'at least 16 characters without spaces' },
    secret: true,
    verbs: SERVING,
    description: 'what search keys sign with is stored encrypted under it; the same on all nodes',
  },
  authFailuresPerMinute: {
    type: 'integer',
    default: 5,
    min: 0,
    max: 1_000_000,
    unit: 'requests',
    verbs: SERVING,
    description: 'unknown keys an address may come with before it gets 429; 0: any number',
  },
  kind: {
    type: 'enum',
    choices: ['search', 'write', 'admin'],
    default: 'search',
    verbs: ['keys'],
    description: 'create: what the key may do',
  },
  tenants: {
    type: 'string',
    default: undefined,
    placeholder: 'NAMES',
    form: {
      pattern: /^(([a-z0-9_-]{1,64}|\*)(,[a-z0-9_-]{1,64})*|\d{1,9}x\d{1,12}(\.\d{1,6})?[KMB]?)$/,
      expected: 'names of tenants with commas between, or *; of plan COUNTxROWS',
    },
    verbs: ['keys', 'plan'],
    description:
      'keys create: whose catalogues; without it default, of an admin key all. plan: further shops of one size, 20x30K',
  },
  description: {
    type: 'string',
    default: undefined,
    placeholder: 'TEXT',
    verbs: ['keys'],
    description: 'create: what the key is for',
  },
  exclude: {
    type: 'string',
    default: undefined,
    placeholder: 'FIELDS',
    form: { pattern: /^[^,]+(,[^,]+)*$/, expected: 'names of fields with commas between' },
    verbs: ['keys'],
    description: 'create: fields that it never shows',
  },
  limits: {
    type: 'string',
    default: undefined,
    placeholder: 'JSON',
    verbs: ['keys'],
    description: 'create: limits as in POST /keys, e.g. {"max_top_k": 50}',
  },
  origins: {
    type: 'string',
    default: undefined,
    placeholder: 'ORIGINS',
    form: { pattern: /^[^\s,]+(,[^\s,]+)*$/, expected: 'origins with commas between' },
    verbs: ['keys'],
    description: 'create: pages that may use it',
  },
  expiresAt: {
    type: 'string',
    default: undefined,
    placeholder: 'TIME',
    form: { pattern: /^\d{4}-\d{2}-\d{2}T\S+$/, expected: 'a time such as 2030-01-31T12:00:00Z' },
    verbs: ['keys'],
    description: 'create: when it ends; rotate: when the secret that it had does',
  },
  compatible: {
    type: 'boolean',
    default: false,
    verbs: ['keys'],
    description:
      'create: keep the secret, for scoped keys of Typesense and secured keys of Algolia',
  },
} as const satisfies Record<string, Setting>;
