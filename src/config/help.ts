import { settingFlag, type Setting } from './setting.js';
import { settingsOf } from './settings.js';
import { VERBS, type Verb } from './verbs.js';

const COLUMN = 34;

/** Whether a command line asks for help rather than for the command. */
export function wantsHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  const flags = end === -1 ? argv : argv.slice(0, end);
  return flags.includes('--help') || flags.includes('-h');
}

/** The `--help` of one verb: a line for each of its settings. */
export function helpFor(verb: Verb): string {
  const { usage, summary } = VERBS[verb];
  const lines = settingsOf(verb).map(([key, setting]) => {
    const left = `  ${settingFlag(key)} ${placeholderOf(setting)}`.trimEnd();
    return `${left.padEnd(COLUMN)} ${setting.description}${defaultText(setting)}`;
  });
  return [
    `omnisearch ${verb} ${usage}`.trimEnd() + ` - ${summary}`,
    '',
    ...lines,
    '',
    'Each is also read from OMNISEARCH_ + its name in capitals (OMNISEARCH_LOG_LEVEL), then from',
    'the file of --config. The flag wins.',
    '',
  ].join('\n');
}

/** The help of the command as a whole. */
export function helpForAll(): string {
  const lines = Object.entries(VERBS).map(([verb, { usage, summary }]) => {
    return `  ${`${verb} ${usage}`.trimEnd().padEnd(COLUMN - 2)} ${summary}`;
  });
  return [
    'omnisearch VERB',
    '',
    ...lines,
    '',
    'omnisearch VERB --help says more, omnisearch --version which version this is.',
    '',
  ].join('\n');
}

/** The default as text, empty where there is none. */
export function defaultOf(setting: Setting): string {
  if (setting.type === 'pairs' || setting.default === false) return '';
  return setting.default === undefined ? '' : String(setting.default);
}

function defaultText(setting: Setting): string {
  const value = defaultOf(setting);
  return value === '' ? '' : ` (${value})`;
}

function placeholderOf(setting: Setting): string {
  switch (setting.type) {
    case 'boolean':
      return '';
    case 'enum':
      return setting.choices.length > 4 ? 'WORD' : setting.choices.join('|');
    case 'integer':
    case 'ms':
    case 'bytes':
    case 'share':
      return 'N';
    case 'string':
    case 'pairs':
      return setting.placeholder;
  }
}
