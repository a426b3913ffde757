import { readFileSync } from 'node:fs';
import { reasonOf } from '../core/errors.js';
import { isObject } from '../core/json.js';
import { ConfigError, settingName } from './setting.js';
import { allSettings, type SettingKey } from './settings.js';

/** Values of the config file by setting, with the key as the file has it. */
export type FileValues = ReadonlyMap<SettingKey, { key: string; json: unknown }>;

/**
 * Reads a JSON object of settings by name, in small or capital letters (`data_dir`, `DATA_DIR`).
 * Throws `ConfigError` when it cannot be read or has a key that is no setting's.
 */
export function readConfigFile(path: string): FileValues {
  const byName = new Map(allSettings().map(([key]) => [settingName(key), key]));
  byName.delete('CONFIG');
  const values = new Map<SettingKey, { key: string; json: unknown }>();
  for (const [key, json] of Object.entries(readObject(path))) {
    const isOneCase = key === key.toLowerCase() || key === key.toUpperCase();
    const setting = isOneCase ? byName.get(key.toUpperCase()) : undefined;
    if (setting === undefined) throw new ConfigError(`${path}: unknown key ${JSON.stringify(key)}`);
    if (values.has(setting)) throw new ConfigError(`${path}: ${JSON.stringify(key)} is set twice`);
    values.set(setting, { key, json });
  }
  return values;
}

function readObject(path: string): object {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8').replace(/^\ufeff/, ''));
  } catch (error) {
    throw new ConfigError(`--config ${path}: ${reasonOf(error).replaceAll(/\s+/g, ' ')}`);
  }
  if (!isObject(json)) throw new ConfigError(`--config ${path}: must hold a JSON object`);
  return json;
}
