import { NAME } from '../core/ids.js';
import type { Setting } from './setting.js';

/** What `omnisearch backup` and `restore` are told. */
export const BACKUP_SETTINGS = {
  since: {
    type: 'string',
    default: undefined,
    placeholder: 'MANIFEST',
    verbs: ['backup'],
    description:
      'only what changed after this backup: latest, its name, or the path of its manifest',
  },
  keep: {
    type: 'string',
    default: undefined,
    placeholder: 'AGES',
    form: {
      pattern: /^[1-9]\d{0,3}[dwm](,[1-9]\d{0,3}[dwm])*$/,
      expected: 'numbers of days, weeks and months such as 7d,4w,12m',
    },
    verbs: ['backup'],
    description: 'then remove what is older: one backup a day, week and month stays for so many',
  },
  keyFile: {
    type: 'string',
    default: undefined,
    placeholder: 'FILE',
    verbs: ['backup', 'restore'],
    description: '32 bytes, also as hex or base64: what the backup is encrypted with',
  },
  endpoint: {
    type: 'string',
    default: undefined,
    placeholder: 'URL',
    form: { pattern: /^https?:\/\/[^\s/]/, expected: 'http://… or https://…' },
    verbs: ['backup', 'restore', 'check'],
    description: 'where s3:// is, if not at Amazon; also AWS_ENDPOINT_URL',
  },
  maxBytesPerS: {
    type: 'bytes',
    default: undefined,
    min: 1_024,
    max: 2 ** 40,
    verbs: ['backup'],
    description: 'how much is read from the server in a second; without it as fast as it goes',
  },
  as: {
    type: 'string',
    default: undefined,
    placeholder: 'NAME',
    form: NAME,
    verbs: ['restore'],
    description: 'the name that the tenant gets: it comes to lie beside the one that there is',
  },
  backup: {
    type: 'string',
    default: 'latest',
    placeholder: 'NAME',
    verbs: ['restore', 'backup'],
    description: 'which backup of the target is restored or verified: latest, or its name',
  },
  preview: {
    type: 'boolean',
    default: false,
    verbs: ['rollback'],
    description: 'only say what would be changed',
  },
  replace: {
    type: 'boolean',
    default: false,
    verbs: ['restore'],
    description: 'drop the tenants that are there first, and have records give way to the backup’s',
  },
} as const satisfies Record<string, Setting>;
