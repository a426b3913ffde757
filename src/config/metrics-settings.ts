import { NAME } from '../core/ids.js';
import type { Setting } from './setting.js';
import { NODES, SERVING } from './verbs.js';

/** What a process shows of itself, and where. */
export const METRICS_SETTINGS = {
  metricsPort: {
    type: 'integer',
    default: undefined,
    min: 0,
    max: 65_535,
    verbs: NODES,
    description:
      'port of /metrics, /livez and /readyz on HOST; up gives it to its first query node, the next ones to the others and then to the shards; unset: none, query nodes have them on PORT',
  },
  metricsTenants: {
    type: 'integer',
    default: 20,
    min: 0,
    max: 1_000,
    unit: 'tenants',
    verbs: SERVING,
    description: 'tenants that /metrics names, those that ask most; 0: none',
  },
  alertmanagerUrl: {
    type: 'string',
    default: undefined,
    placeholder: 'URL',
    form: {
      pattern:
        /^https?:\/\/(([\w.~-]|%[0-7][\da-fA-F])+:([\w.~-]|%[0-7][\da-fA-F])*@)?(\[[\da-fA-F:.]+\]|[\w.-]+)(:\d{1,5})?(\/[\w.~%/-]*)?$/,
      expected: 'http://HOST:9093, or with https, NAME:PASSWORD@ and a path',
    },
    secret: true,
    verbs: SERVING,
    description:
      'Alertmanager whose firing alerts the page /admin shows; unset: the page says how to set it',
  },
  region: {
    type: 'string',
    default: undefined,
    placeholder: 'NAME',
    form: NAME,
    verbs: NODES,
    description: 'label of all metrics; unset: they have none',
  },
  certificateFiles: {
    type: 'string',
    default: undefined,
    placeholder: 'FILES',
    form: { pattern: /^[^,]+(,[^,]+)*$/, expected: 'paths with commas between' },
    verbs: NODES,
    description: "PEM files, the balancer's for example, of which /metrics tells when they expire",
  },
} as const satisfies Record<string, Setting>;
