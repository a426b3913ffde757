/**
 * Writes the schema of the Helm chart's values, with the names of all settings: `npx tsx scripts/chart-schema.ts`.
 * With it `helm` itself refuses a setting that there is not, or that is of another role.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { settingName } from '../src/config/setting.js';
import { settingsOf } from '../src/config/settings.js';

export const CHART_SCHEMA = fileURLToPath(
  new URL('../deploy/helm/omnisearch/values.schema.json', import.meta.url),
);

export const CHART_ROLES = ['query-node', 'shard-node', 'worker'] as const;
type Role = (typeof CHART_ROLES)[number];

/** What the chart knows by itself or has values for, so that there is one way to say each. */
const OF_THE_CHART = new Set([
  ...['CONFIG', 'HOST', 'PORT', 'SOCKET', 'METRICS_PORT', 'DATA_DIR', 'JOBS', 'ADVERTISE'],
  ...['SHARD', 'LISTEN', 'ZONE', 'SHARD_ADDRESS', 'MIN_SHARDS', 'REPLICAS'],
  ...['DRAIN_DELAY_MS', 'DRAIN_TIMEOUT_MS'],
]);

type Schema = Record<string, unknown>;

const text: Schema = { type: 'string' };
const flag: Schema = { type: 'boolean' };
const map: Schema = { type: 'object' };
const texts: Schema = { type: 'object', additionalProperties: text };
const list: Schema = { type: 'array', items: map };

const integer = (minimum: number, maximum?: number): Schema => ({
  type: 'integer',
  minimum,
  ...(maximum === undefined ? {} : { maximum }),
});

/** An object of these alone. */
const only = (properties: Record<string, Schema>): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties,
});

/** Names of the settings of a role: the secret ones, or the others but for the chart's. */
function namesOf(role: Role, secret: boolean): string[] {
  return settingsOf(role)
    .filter(([, setting]) => (setting.secret === true) === secret)
    .map(([key]) => settingName(key))
    .filter((name) => !OF_THE_CHART.has(name));
}

function settings(names: string[]): Schema {
  const value = { type: ['string', 'number', 'boolean'] };
  return { type: 'object', propertyNames: { enum: names.sort() }, additionalProperties: value };
}

const ofRole = (role: Role): Record<string, Schema> => ({
  settings: settings(namesOf(role, false)),
  drainTimeoutMs: integer(0, 600_000),
  resources: map,
  nodeSelector: texts,
  tolerations: list,
  podAnnotations: texts,
});

/** The text of values.schema.json. */
export function chartSchema(): string {
  const [common = [], ...others] = CHART_ROLES.map((role) => namesOf(role, false));
  const ofAll = common.filter((name) => others.every((names) => names.includes(name)));
  const secrets = [...new Set(CHART_ROLES.flatMap((role) => namesOf(role, true)))];
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $comment: 'Made by scripts/chart-schema.ts; a test keeps the two equal.',
    ...only({
      // Helm gives it to charts that others depend on.
      global: map,
      fullnameOverride: text,
      image: only({
        repository: { ...text, minLength: 1 },
        tag: text,
        pullPolicy: { enum: ['Always', 'IfNotPresent', 'Never'] },
      }),
      imagePullSecrets: list,
      existingSecret: text,
      secrets: {
        type: 'object',
        propertyNames: { enum: secrets.sort() },
        properties: {
          STORE_URL: { type: 'string', pattern: '^mongodb(\\+srv)?://' },
          SHARD_SECRET: { type: 'string', minLength: 16 },
        },
        additionalProperties: { type: 'string', minLength: 1 },
      },
      settings: settings(ofAll),
      queryNodes: only({
        ...ofRole('query-node'),
        replicas: integer(0),
        autoscaling: only({
          enabled: flag,
          min: integer(1),
          max: integer(1),
          cpuPercent: integer(1, 100),
          queriesPerSecond: integer(0),
        }),
        drainDelayMs: integer(0, 600_000),
        spot: flag,
      }),
      shards: only({
        ...ofRole('shard-node'),
        count: integer(1, 1_000),
        copies: integer(1, 16),
        storage: only({ size: { ...text, minLength: 1 }, className: text }),
        zoneLabel: text,
        preStopSeconds: integer(0),
      }),
      workers: only({
        ...ofRole('worker'),
        replicas: integer(1),
        autoscaling: only({
          enabled: flag,
          min: integer(1),
          max: integer(1),
          upAbove: integer(1),
          downBelow: integer(0),
          prometheusUrl: { type: 'string', pattern: '^https?://' },
          fallbackReplicas: integer(1),
        }),
        spot: flag,
      }),
      service: only({
        type: { enum: ['ClusterIP', 'NodePort', 'LoadBalancer'] },
        port: integer(1, 65_535),
        annotations: texts,
      }),
      ingress: only({
        enabled: flag,
        className: text,
        annotations: texts,
        hosts: { type: 'array', items: text },
        tlsSecret: text,
      }),
      podDisruptionBudget: only({ enabled: flag }),
      networkPolicy: only({ enabled: flag, clients: list, scrapers: list }),
      monitoring: only({
        enabled: flag,
        interval: { type: 'string', pattern: '^\\d+(ms|s|m)$' },
        labels: texts,
        adapterNamespace: text,
      }),
    }),
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(CHART_SCHEMA, chartSchema());
