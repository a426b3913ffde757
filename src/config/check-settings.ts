import { DAY_MS } from '../core/days.js';
import type { Setting } from './setting.js';

const HOUR_MS = 3_600_000;

/** What `omnisearch check` and `report` are told. */
export const CHECK_SETTINGS = {
  notify: {
    type: 'string',
    default: undefined,
    placeholder: 'WHERE',
    form: {
      pattern: /^(webhook:https?:\/\/[^\s/]\S*|smtps?:\/\/[^\s/]+\/?\?(?=\S*\bto=)\S+)$/,
      expected: 'webhook:https://… or smtp://USER:PASSWORD@HOST:PORT/?from=ADDRESS&to=ADDRESS',
    },
    secret: true,
    verbs: ['check'],
    description:
      'whom to tell what is not well: webhook:URL, or smtp://USER:PASSWORD@HOST:PORT/?from=ADDRESS&to=ADDRESS,ADDRESS',
  },
  maxBackupAgeMs: {
    type: 'ms',
    default: 26 * HOUR_MS,
    min: 1_000,
    max: 365 * DAY_MS,
    verbs: ['check'],
    description: 'with --backups: where the last one is older, that is critical',
  },
  backups: {
    type: 'string',
    default: undefined,
    placeholder: 'TARGET',
    form: { pattern: /\S/, expected: 'a folder or s3://bucket/prefix' },
    verbs: ['check'],
    description: 'where backups are written to, to see how old the last one of all tenants is',
  },
  save: {
    type: 'boolean',
    default: false,
    verbs: ['report'],
    description: 'keep the figures as they are now',
  },
  compare: {
    type: 'boolean',
    default: false,
    verbs: ['report'],
    description: 'show the last seven days beside the seven before',
  },
  reportFile: {
    type: 'string',
    default: 'omnisearch-report.ndjson',
    placeholder: 'FILE',
    form: { pattern: /\S/, expected: 'a file' },
    verbs: ['report'],
    description: 'where figures are kept, for two weeks',
  },
} as const satisfies Record<string, Setting>;
