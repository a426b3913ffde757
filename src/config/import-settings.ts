import type { Setting } from './setting.js';
import { EMBEDDING } from './verbs.js';

const HOST = String.raw`(http:\/\/)?(\*|\[[\da-fA-F:.]+\]|[\p{L}\p{N}._-]+)(:\d{1,5})?`;

/** Where imports may read from. */
export const IMPORT_SETTINGS = {
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
} as const satisfies Record<string, Setting>;
