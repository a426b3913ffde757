import type { Setting } from './setting.js';
import { EMBEDDING, SERVING } from './verbs.js';

/** What browsers, and edges between them and a node, may do and are told. */
export const BROWSER_SETTINGS = {
  allowedHosts: {
    type: 'string',
    default: undefined,
    placeholder: 'NAMES',
    form: { pattern: /^[^\s,]+(,[^\s,]+)*$/, expected: 'host names with commas between' },
    verbs: SERVING,
    description:
      'names in Host beside HOST and loopback; unset: asked for on loopback without API_KEY',
  },
  searchMaxAgeS: {
    type: 'integer',
    default: 0,
    min: 0,
    max: 86_400,
    unit: 'seconds',
    verbs: SERVING,
    description: 'how long browsers and edges may keep answers of GET /search; 0 not at all',
  },
  purgeUrl: {
    type: 'string',
    default: undefined,
    placeholder: 'URL',
    form: { pattern: /^https?:\/\/[^\s/@]+(\/\S*)?$/i, expected: 'http://… or https://…' },
    verbs: EMBEDDING,
    description:
      'asked with PURGE, at most once a second, for a tenant that changed, {tenant} being its name; unset: nobody is',
  },
  corsOrigins: {
    type: 'string',
    default: undefined,
    placeholder: 'ORIGINS',
    form: {
      pattern: /^(\*|https?:\/\/[^\s,/]+(,https?:\/\/[^\s,/]+)*)$/i,
      expected: '* or origins such as https://shop.example with commas between',
    },
    verbs: SERVING,
    description: 'pages that may call product and search routes from a browser; unset: none',
  },
  compressMinBytes: {
    type: 'bytes',
    default: 1_000,
    min: 0,
    max: 1_073_741_824,
    verbs: SERVING,
    description: 'replies from this size on are sent as br or gzip to who takes that',
  },
} as const satisfies Record<string, Setting>;
