import { NAME } from '../core/ids.js';
import type { Setting } from './setting.js';
import { CLIENTS } from './verbs.js';

const DAY_MS = 86_400_000;

/** What `index` and `search` are told. */
export const CLIENT_SETTINGS = {
  url: {
    type: 'string',
    default: 'http://127.0.0.1:8080',
    placeholder: 'URL',
    form: { pattern: /^https?:\/\/[^\s/]/, expected: 'http://… or https://…' },
    verbs: CLIENTS,
    description: 'the OmniSearch to talk to',
  },
  tenant: {
    type: 'string',
    default: 'default',
    placeholder: 'NAME',
    form: NAME,
    verbs: CLIENTS,
    description: 'whose catalogue',
  },
  format: {
    type: 'enum',
    choices: ['auto', 'ndjson', 'json', 'csv', 'tsv', 'xml'],
    default: 'auto',
    verbs: ['index'],
    description: 'format of the file; auto goes by file name, then by content',
  },
  locale: {
    type: 'string',
    default: 'en',
    placeholder: 'LANGUAGE',
    form: { pattern: /^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i, expected: 'a language such as de or en-GB' },
    verbs: ['index'],
    description: 'how prices are written in tables and XML: de reads 1.234,56 €',
  },
  dryRun: {
    type: 'boolean',
    default: false,
    verbs: ['index'],
    description: 'read and check everything, send nothing',
  },
  map: {
    type: 'pairs',
    default: [],
    placeholder: 'OURS=THEIRS',
    verbs: ['index'],
    description: "our field = the file's, e.g. title=name; may be repeated",
  },
  rejects: {
    type: 'string',
    default: undefined,
    placeholder: 'FILE',
    verbs: ['index'],
    description: 'file for rejected rows with line, field and reason',
  },
  resume: {
    type: 'boolean',
    default: false,
    verbs: ['index'],
    description: 'go on where the last run of this file was cut off',
  },
  wait: {
    type: 'boolean',
    default: false,
    verbs: ['index'],
    description: 'end only when everything is searchable',
  },
  waitTimeoutMs: {
    type: 'ms',
    default: 300_000,
    min: 1,
    max: DAY_MS,
    verbs: ['index'],
    description: 'how long --wait waits',
  },
  batchRows: {
    type: 'integer',
    default: 500,
    min: 1,
    max: 10_000,
    unit: 'rows',
    verbs: ['index'],
    description: 'rows a request',
  },
  concurrency: {
    type: 'integer',
    default: 2,
    min: 1,
    max: 64,
    unit: 'requests',
    verbs: ['index'],
    description: 'requests in flight',
  },
  topK: {
    type: 'integer',
    default: 10,
    min: 1,
    max: 1_000,
    unit: 'hits',
    verbs: ['search'],
    description: 'how many hits',
  },
  filter: {
    type: 'string',
    default: undefined,
    placeholder: 'JSON',
    verbs: ['search'],
    description: 'filter as in POST /search/text, e.g. {"price": {"lte": 50}}',
  },
  mode: {
    type: 'enum',
    choices: ['hybrid', 'keyword', 'vector'],
    default: 'hybrid',
    verbs: ['search'],
    description: 'what ranks: words and meaning together, or one of them',
  },
  prefix: {
    type: 'boolean',
    default: false,
    verbs: ['search'],
    description: 'the last word is the beginning of one',
  },
  explain: {
    type: 'boolean',
    default: false,
    verbs: ['search'],
    description: 'print how the text was read, and what the score of each hit is made of',
  },
  json: {
    type: 'boolean',
    default: false,
    verbs: ['search'],
    description: 'print the reply instead of a table',
  },
} as const satisfies Record<string, Setting>;
