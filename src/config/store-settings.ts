import { STORE_READS } from '../core/store-reads.js';
import type { Setting } from './setting.js';
import { SERVING, STORES } from './verbs.js';

export const STORE_FORM = {
  pattern: /^(lmdb:.|mongodb(\+srv)?:\/\/.)/,
  expected: 'lmdb:DIR, mongodb://… or mongodb+srv://…',
};

/** Where products live, and how a store beyond this machine is talked to. */
export const STORE_SETTINGS = {
  storeUrl: {
    type: 'string',
    default: 'lmdb:${DATA_DIR}/store',
    placeholder: 'URL',
    form: STORE_FORM,
    secret: true,
    verbs: STORES,
    description: 'where products live: lmdb:DIR or mongodb://…',
  },
  storeMinPool: {
    type: 'integer',
    default: 5,
    min: 0,
    max: 1_000,
    unit: 'connections',
    verbs: STORES,
    description: 'MongoDB: connections that a node keeps open',
  },
  storeMaxPool: {
    type: 'integer',
    default: 50,
    min: 1,
    max: 10_000,
    unit: 'connections',
    verbs: STORES,
    description: 'MongoDB: connections that a node opens at most; further operations wait',
  },
  storeConnections: {
    type: 'integer',
    default: undefined,
    min: 1,
    max: 1_000_000,
    unit: 'connections',
    verbs: STORES,
    description:
      'MongoDB: connections that the server allows all nodes together, of which each takes its share, up to STORE_MAX_POOL; the same on all; unset: each takes STORE_MAX_POOL',
  },
  storeMaxIdleMs: {
    type: 'ms',
    default: 300_000,
    min: 0,
    max: 86_400_000,
    verbs: STORES,
    description: 'MongoDB: a connection that was idle for so long is closed; 0: none is',
  },
  storeTimeoutMs: {
    type: 'ms',
    default: 10_000,
    min: 100,
    max: 600_000,
    verbs: STORES,
    description: 'MongoDB: how long one operation may take',
  },
  storeSelectionTimeoutMs: {
    type: 'ms',
    default: 5_000,
    min: 10,
    max: 600_000,
    verbs: STORES,
    description: 'MongoDB: how long a server that can take an operation is looked for',
  },
  storeLeaseMs: {
    type: 'ms',
    default: 5_000,
    min: 100,
    max: 600_000,
    verbs: STORES,
    description: 'MongoDB: how long a writer may use the versions it took; less frees them sooner',
  },
  storeCompression: {
    type: 'enum',
    choices: ['none', 'zlib'],
    default: 'none',
    verbs: STORES,
    description: 'MongoDB: compression on the wire',
  },
  storeReads: {
    type: 'string',
    default: 'primary',
    placeholder: 'primary|secondary:MS',
    form: STORE_READS,
    verbs: SERVING,
    description:
      'MongoDB: where joins read: primary, or secondary:MS, from secondaries at most so far behind; PUT /admin/store changes it while running, for all nodes',
  },
  from: {
    type: 'string',
    default: undefined,
    placeholder: 'URL',
    form: STORE_FORM,
    secret: true,
    verbs: ['store'],
    description: 'the store that is copied',
  },
  to: {
    type: 'string',
    default: undefined,
    placeholder: 'URL|NODES|TIME',
    secret: true,
    verbs: ['store', 'placement', 'tenants', 'migrate', 'rollback'],
    description:
      'copy: the store it is copied to; placement move: nodes, e.g. s1,s3; tenants move, migrate start: the OmniSearch to move it to; rollback: a time, e.g. 2026-11-29T21:00:00Z',
  },
  repair: {
    type: 'boolean',
    default: false,
    verbs: ['store'],
    description: 'check: put wrong counts right',
  },
} as const satisfies Record<string, Setting>;
