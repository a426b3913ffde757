import { parseCommandLine, type CommandLine } from './command-line.js';
import { ConfigError, settingFlag, settingName, type Setting } from './setting.js';
import { readConfigFile, type FileValues } from './config-file.js';
import { valueOfJson, valueOfText, type Checked, type SettingValue } from './setting-value.js';
import { allSettings, type Config, type SettingKey } from './settings.js';
import type { Verb } from './verbs.js';

const PREFIX = 'OMNISEARCH_';

/** A Kubernetes service named `omnisearch` puts this into `OMNISEARCH_PORT` of every pod. */
const KUBERNETES_PORT = /^(tcp|udp|sctp):\/\//;

export interface ConfigSources {
  verb: Verb;
  /** What follows the verb. */
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
}

export interface LoadedConfig {
  config: Readonly<Config>;
  positionals: string[];
  /** One line each, to be shown; none keeps the command from running. */
  warnings: string[];
}

/**
 * Every setting from flag, then environment (by its own name, then by that of a standard), then the file of `--config`,
 * then its default; frozen.
 * Throws `ConfigError` for a value out of bounds, an unknown flag, or an unknown key in the file. An
 * unknown `OMNISEARCH_*` variable only warns; an empty one counts as not set.
 */
export function loadConfig({ verb, argv, env }: ConfigSources): LoadedConfig {
  const { texts, positionals } = parseCommandLine(verb, argv);
  const { variables, warnings } = readEnvironment(env);
  const configPath = texts.get('config')?.at(-1) ?? variables.get('config');
  const file: FileValues = configPath === undefined ? new Map() : readConfigFile(configPath);

  const values = new Map<SettingKey, SettingValue | undefined>();
  const given = new Set<SettingKey>();
  for (const [key, setting] of allSettings()) {
    const value = setting.verbs.includes(verb)
      ? firstOf(key, setting, texts, variables, file)
      : undefined;
    if (value !== undefined) given.add(key);
    values.set(key, value ?? setting.default);
  }
  if (!given.has('storeUrl')) {
    values.set('storeUrl', fillIn(values.get('storeUrl'), values.get('dataDir')));
  }
  // The table's types and the checks above make each value what `Config` says of its key.
  const config = Object.freeze(Object.fromEntries(values)) as unknown as Config;
  if (given.has('dimensions') && verb !== 'plan' && config.model !== 'none') {
    warnings.push('DIMENSIONS is not used: it is for --model none, other models say their own');
  }
  return { config, positionals, warnings };
}

/** The value from the strongest source that has one. */
function firstOf(
  key: SettingKey,
  setting: Setting,
  texts: CommandLine['texts'],
  variables: ReadonlyMap<SettingKey, string>,
  file: FileValues,
): SettingValue | undefined {
  const flag = texts.get(key);
  if (flag !== undefined) {
    return accept(setting, settingFlag(key), flag.at(-1), valueOfText(setting, flag));
  }
  const variable = variables.get(key);
  if (variable !== undefined) {
    const name = (setting.isStandard === true ? '' : PREFIX) + settingName(key);
    return accept(setting, name, variable, valueOfText(setting, listed(setting, variable)));
  }
  const entry = file.get(key);
  if (entry === undefined) return undefined;
  const name = `${JSON.stringify(entry.key)} in the config file`;
  return accept(setting, name, entry.json, valueOfJson(setting, entry.json));
}

/** A variable cannot be repeated: its pairs are separated by commas. */
function listed(setting: Setting, variable: string): string[] {
  return setting.type === 'pairs' ? variable.split(',') : [variable];
}

function accept(setting: Setting, name: string, got: unknown, checked: Checked): SettingValue {
  if ('value' in checked) return checked.value;
  const shown = setting.secret === true ? '' : `, got ${JSON.stringify(got).slice(0, 100)}`;
  throw new ConfigError(`${name} must be ${checked.expected}${shown}`);
}

function readEnvironment(env: ConfigSources['env']): {
  variables: Map<SettingKey, string>;
  warnings: string[];
} {
  const byName = new Map(allSettings().map(([key]) => [PREFIX + settingName(key), key]));
  const variables = new Map<SettingKey, string>();
  const warnings: string[] = [];
  for (const [key, { isStandard }] of allSettings()) {
    const text = isStandard === true ? env[settingName(key)] : undefined;
    if (text !== undefined && text !== '') variables.set(key, text);
  }
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || text === undefined || text === '') continue;
    const key = byName.get(name);
    if (key === undefined) warnings.push(`${name} is not a setting: ignored`);
    else if (key === 'port' && KUBERNETES_PORT.test(text)) {
      warnings.push(`${name} was set by Kubernetes for a service of that name: ignored`);
    } else variables.set(key, text);
  }
  return { variables, warnings };
}

function fillIn(template: unknown, dataDir: unknown): string {
  return String(template).replace('${DATA_DIR}', () => String(dataDir));
}
