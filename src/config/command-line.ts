import { parseArgs } from 'node:util';
import { ConfigError, settingFlag } from './setting.js';
import { settingsOf, type SettingKey } from './settings.js';
import { VERBS, type Verb } from './verbs.js';

/** What a command line says: the texts given for each setting, in order, and the other words. */
export interface CommandLine {
  texts: ReadonlyMap<SettingKey, readonly string[]>;
  positionals: string[];
}

/** Splits what follows the verb. Throws `ConfigError` for an unknown flag or a missing value. */
export function parseCommandLine(verb: Verb, argv: readonly string[]): CommandLine {
  const byFlag = new Map(settingsOf(verb).map((entry) => [settingFlag(entry[0]), entry]));
  const texts = new Map<SettingKey, string[]>();
  const positionals: string[] = [];
  for (const token of tokensOf(verb, argv)) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const negated = token.rawName.startsWith('--no-') && token.value === undefined;
    const flag = negated ? token.rawName.replace('--no-', '--') : token.rawName;
    const [key, setting] = byFlag.get(flag) ?? unknownFlag(verb, token.rawName);
    if (negated && setting.type !== 'boolean') unknownFlag(verb, token.rawName);
    const text = setting.type === 'boolean' ? (token.value ?? String(!negated)) : valueOf(token);
    texts.set(key, [...(texts.get(key) ?? []), text]);
  }
  checkPositionals(verb, positionals);
  return { texts, positionals };
}

function valueOf(option: { rawName: string; value?: unknown; inlineValue?: unknown }): string {
  const { rawName, value, inlineValue } = option;
  // `--filter --json` has forgotten the filter; `--filter=--json` means it.
  if (typeof value !== 'string' || (inlineValue !== true && value.startsWith('--'))) {
    throw new ConfigError(`${rawName} needs a value`);
  }
  return value;
}

function tokensOf(verb: Verb, argv: readonly string[]) {
  const options = settingsOf(verb).map(([key, setting]) => {
    const type = setting.type === 'boolean' ? ('boolean' as const) : ('string' as const);
    return [settingFlag(key).slice(2), { type }] as const;
  });
  return parseArgs({
    args: [...argv],
    options: Object.fromEntries(options),
    strict: false,
    allowPositionals: true,
    tokens: true,
  }).tokens;
}

function checkPositionals(verb: Verb, positionals: readonly string[]): void {
  const [first] = positionals;
  const { usage } = VERBS[verb];
  if (usage === '' && first !== undefined) {
    throw new ConfigError(`omnisearch ${verb} takes no ${JSON.stringify(first)}, only --flags`);
  }
  const isOptional = usage === '' || usage.startsWith('[');
  if (!isOptional && first === undefined) {
    throw new ConfigError(`omnisearch ${verb} needs ${usage}`);
  }
}

function unknownFlag(verb: Verb, flag: string): never {
  throw new ConfigError(`unknown flag ${flag}: see omnisearch ${verb} --help`);
}
