import { settingName } from './setting.js';
import { settingsOf, type Config } from './settings.js';
import type { Verb } from './verbs.js';

/**
 * The environment that gives a child process running `verb` the settings of this one: `env` with
 * every setting of the verb spelt out. Not as flags, because others can read a command line. Lists
 * of pairs are left to the command line.
 */
export function childEnv(config: Config, verb: Verb, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const child = withoutSettings(env);
  for (const [key, { type }] of settingsOf(verb)) {
    const value = config[key];
    if (type === 'pairs' || key === 'config' || value === undefined) continue;
    // Only `--model none` has use for it; others warn that it is ignored.
    if (key === 'dimensions' && config.model !== 'none') continue;
    child[`OMNISEARCH_${settingName(key)}`] = String(value);
  }
  return child;
}

/** The environment of a child process that is to have none of our settings. */
export function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.startsWith('OMNISEARCH_')),
  );
}
