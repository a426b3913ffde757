import type { Setting } from './setting.js';
import { EMBEDDING, NODES } from './verbs.js';

/** What becomes of products that lie still, where a tenant has a rule for them. */
export const TIER_SETTINGS = {
  tiersEveryMs: {
    type: 'integer',
    default: 300_000,
    min: 100,
    max: 86_400_000,
    unit: 'ms',
    verbs: NODES,
    description: 'how often it is looked which products go a tier down, where a tenant has a rule',
  },
  tiersDiskPercent: {
    type: 'integer',
    default: 80,
    min: 1,
    max: 100,
    unit: 'percent',
    verbs: EMBEDDING,
    description: 'from so full a disk of DATA_DIR on, what is warm goes into the archive as well',
  },
  archiveTarget: {
    type: 'string',
    default: undefined,
    placeholder: 'TARGET',
    verbs: EMBEDDING,
    description: 'where cold products are kept: a folder or s3://bucket/prefix; without it none is',
  },
  archiveKeyFile: {
    type: 'string',
    default: undefined,
    placeholder: 'FILE',
    verbs: EMBEDDING,
    description: '32 bytes, also as hex or base64: what cold products are encrypted with',
  },
} as const satisfies Record<string, Setting>;
