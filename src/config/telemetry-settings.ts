import type { Setting } from './setting.js';
import { NODES, SERVING } from './verbs.js';

/** `up` hands them to the processes that it starts. */
const TRACED = ['up', 'query-node', 'shard-node'] as const;
const ROLES = [...NODES, 'balancer'] as const;
const PAIRS_FORM = {
  pattern: /^\s*[^\s=,]+=[^,]*(,\s*[^\s=,]+=[^,]*)*$/,
  expected: 'NAME=VALUE with commas between, percent-encoded',
};

/**
 * What a node tells others of itself. Those of OpenTelemetry and Sentry are also read by the names that these have in
 * every program (`isStandard`).
 */
export const TELEMETRY_SETTINGS = {
  otelExporterOtlpEndpoint: {
    type: 'string',
    default: undefined,
    placeholder: 'URL',
    form: { pattern: /^https?:\/\/[^\s/]+\S*$/, expected: 'http://HOST:4318, or with https' },
    isStandard: true,
    verbs: TRACED,
    description:
      'collector that traces are sent to, by OTLP over HTTP (JSON) at /v1/traces below it; without it nothing is traced',
  },
  otelExporterOtlpProtocol: {
    type: 'enum',
    choices: ['http/json', 'http/protobuf'],
    default: 'http/json',
    isStandard: true,
    verbs: TRACED,
    description: 'JSON is sent for both: who takes one takes the other; there is no gRPC',
  },
  otelExporterOtlpHeaders: {
    type: 'string',
    default: undefined,
    placeholder: 'NAME=VALUE,…',
    form: PAIRS_FORM,
    secret: true,
    isStandard: true,
    verbs: TRACED,
    description: 'headers that go with traces, such as a key of the collector',
  },
  otelExporterOtlpTimeout: {
    type: 'ms',
    default: 10_000,
    min: 1,
    max: 600_000,
    isStandard: true,
    verbs: TRACED,
    description: 'how long sending a batch of spans may take',
  },
  otelServiceName: {
    type: 'string',
    default: 'omnisearch',
    placeholder: 'NAME',
    isStandard: true,
    verbs: TRACED,
    description: 'service.name of traces',
  },
  otelResourceAttributes: {
    type: 'string',
    default: undefined,
    placeholder: 'NAME=VALUE,…',
    form: PAIRS_FORM,
    isStandard: true,
    verbs: TRACED,
    description: 'what else traces say of where they come from',
  },
  otelTracesSampler: {
    type: 'enum',
    choices: [
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
      'always_on',
      'always_off',
      'traceidratio',
    ],
    default: 'parentbased_always_on',
    isStandard: true,
    verbs: TRACED,
    description: 'which requests are traced; parentbased: as the caller says, where it says so',
  },
  otelTracesSamplerArg: {
    type: 'share',
    default: 1,
    min: 0,
    max: 1,
    isStandard: true,
    verbs: TRACED,
    description: 'part of the requests that samplers by ratio trace',
  },
  otelBspMaxQueueSize: {
    type: 'integer',
    default: 2_048,
    min: 1,
    max: 100_000,
    unit: 'spans',
    isStandard: true,
    verbs: TRACED,
    description: 'spans that may wait to be sent; further ones are dropped, and counted in the log',
  },
  otelBspMaxExportBatchSize: {
    type: 'integer',
    default: 512,
    min: 1,
    max: 2_048,
    unit: 'spans',
    isStandard: true,
    verbs: TRACED,
    description: 'spans in one request',
  },
  otelBspScheduleDelay: {
    type: 'ms',
    default: 5_000,
    min: 1,
    max: 600_000,
    isStandard: true,
    verbs: TRACED,
    description: 'how long a span waits for others to be sent with',
  },
  sentryDsn: {
    type: 'string',
    default: undefined,
    placeholder: 'DSN',
    form: {
      pattern: /^https?:\/\/[\w-]+(:[\w-]*)?@[^\s/@]+\/(\S+\/)?\d+$/,
      expected: 'https://KEY@HOST/PROJECT',
    },
    secret: true,
    isStandard: true,
    verbs: ROLES,
    description: 'where errors are reported to, by Sentry’s envelopes; without it nowhere',
  },
  environment: {
    type: 'string',
    default: undefined,
    placeholder: 'NAME',
    form: { pattern: /\S/, expected: 'a name' },
    isStandard: true,
    verbs: ROLES,
    description: 'where this runs, such as production: errors and traces say so',
  },
  slowQueryMs: {
    type: 'ms',
    default: undefined,
    min: 0,
    max: 3_600_000,
    verbs: SERVING,
    description:
      'searches that took so long are logged with their stages and shards, at most ten a second; unset: none',
  },
  logQueryTexts: {
    type: 'enum',
    choices: ['none', 'hash', 'full'],
    default: 'none',
    verbs: SERVING,
    description: 'what the log of slow searches has of their texts',
  },
  accessLog: {
    type: 'boolean',
    default: false,
    verbs: SERVING,
    description: 'a line in the log for each request: route, status, time, bytes, tenant, id',
  },
} as const satisfies Record<string, Setting>;
