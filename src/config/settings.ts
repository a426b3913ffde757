import { AUTOSCALE_SETTINGS } from './autoscale-settings.js';
import { BACKUP_SETTINGS } from './backup-settings.js';
import { BALANCER_SETTINGS } from './balancer-settings.js';
import { BROWSER_SETTINGS } from './browser-settings.js';
import { CHECK_SETTINGS } from './check-settings.js';
import { CLIENT_SETTINGS } from './client-settings.js';
import { CLUSTER_SETTINGS } from './cluster-settings.js';
import { EMBEDDING_SETTINGS } from './embedding-settings.js';
import { IMPORT_SETTINGS } from './import-settings.js';
import { KEY_SETTINGS } from './key-settings.js';
import { METRICS_SETTINGS } from './metrics-settings.js';
import { MIGRATE_SETTINGS } from './migrate-settings.js';
import { PLANNER_SETTINGS } from './planner-settings.js';
import { QUERY_NODE_SETTINGS } from './query-node-settings.js';
import { REDIS_SETTINGS } from './redis-settings.js';
import { REGION_SETTINGS } from './region-settings.js';
import { SERVING_SETTINGS } from './serving-settings.js';
import type { Pairs, Setting } from './setting.js';
import { SHARD_SETTINGS } from './shard-settings.js';
import { STORE_SETTINGS } from './store-settings.js';
import { SYNC_SETTINGS } from './sync-settings.js';
import { TELEMETRY_SETTINGS } from './telemetry-settings.js';
import { TIER_SETTINGS } from './tier-settings.js';
import type { Verb } from './verbs.js';

/**
 * Every setting there is. Flags, environment names, keys of the config file, the `Config` type,
 * `--help` and docs/settings.md are all made of this table.
 */
const SETTINGS = {
  ...SERVING_SETTINGS,
  ...REDIS_SETTINGS,
  ...CLUSTER_SETTINGS,
  ...IMPORT_SETTINGS,
  ...KEY_SETTINGS,
  ...QUERY_NODE_SETTINGS,
  ...BROWSER_SETTINGS,
  ...STORE_SETTINGS,
  ...EMBEDDING_SETTINGS,
  ...SHARD_SETTINGS,
  ...TIER_SETTINGS,
  ...BALANCER_SETTINGS,
  ...CLIENT_SETTINGS,
  ...SYNC_SETTINGS,
  ...MIGRATE_SETTINGS,
  ...METRICS_SETTINGS,
  ...REGION_SETTINGS,
  ...BACKUP_SETTINGS,
  ...TELEMETRY_SETTINGS,
  ...CHECK_SETTINGS,
  ...PLANNER_SETTINGS,
  ...AUTOSCALE_SETTINGS,
} as const;

export type SettingKey = keyof typeof SETTINGS;

type ValueOf<S extends Setting> = S extends { type: 'boolean' }
  ? boolean
  : S extends { type: 'pairs' }
    ? Pairs
    : S extends { type: 'enum'; choices: readonly (infer Choice)[] }
      ? Choice
      : S extends { type: 'string' }
        ? string | (undefined extends S['default'] ? undefined : never)
        : number | (undefined extends S['default'] ? undefined : never);

/** All settings with their values, checked; those that a verb does not have are at their default. */
export type Config = { readonly [Key in SettingKey]: ValueOf<(typeof SETTINGS)[Key]> };

/** The settings of one verb, in the table's order. */
export function settingsOf(verb: Verb): [key: SettingKey, setting: Setting][] {
  return allSettings().filter(([, setting]) => setting.verbs.includes(verb));
}

export function allSettings(): [key: SettingKey, setting: Setting][] {
  return Object.entries(SETTINGS) as [SettingKey, Setting][];
}
