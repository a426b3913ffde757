import type { NumberSetting, Pairs, Setting, ShareSetting, TextSetting } from './setting.js';

/** A checked value, or what was expected instead. */
export type Checked = { value: SettingValue } | { expected: string };

export type SettingValue = string | number | boolean | Pairs;

const SWITCH_WORDS = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

const DECIMAL = /^\d{0,16}\.?\d{1,16}(e-?\d{1,2})?$/;

/**
 * The value of a setting written as text, on the command line or in the environment: of several
 * texts the last, except for pairs, which gather.
 */
export function valueOfText(setting: Setting, texts: readonly string[]): Checked {
  const text = texts.at(-1) ?? '';
  switch (setting.type) {
    case 'boolean': {
      const value = SWITCH_WORDS.get(text.toLowerCase());
      return value === undefined ? { expected: expectedOf(setting) } : { value };
    }
    case 'pairs':
      return pairsOf(texts, expectedOf(setting));
    case 'integer':
    case 'ms':
    case 'bytes':
      return wholeNumber(setting, /^[+-]?\d{1,16}$/.test(text) ? Number(text) : undefined);
    case 'share':
      return share(setting, DECIMAL.test(text) ? Number(text) : undefined);
    case 'enum':
    case 'string':
      return valueOfJson(setting, text);
  }
}

/** The value of a setting in the config file, where types count. */
export function valueOfJson(setting: Setting, json: unknown): Checked {
  const expected = expectedOf(setting);
  switch (setting.type) {
    case 'boolean':
      return typeof json === 'boolean' ? { value: json } : { expected };
    case 'enum':
      return typeof json === 'string' && setting.choices.includes(json)
        ? { value: json }
        : { expected };
    case 'string':
      return typeof json === 'string' && fits(setting, json) ? { value: json } : { expected };
    case 'pairs':
      if (typeof json !== 'object' || json === null) return { expected };
      return pairsOf(
        Object.entries(json).map(([ours, theirs]) => `${ours}=${String(theirs)}`),
        expected,
      );
    case 'integer':
    case 'ms':
    case 'bytes':
      return wholeNumber(setting, json);
    case 'share':
      return share(setting, json);
  }
}

/** What a setting takes, for messages, help and documentation. */
export function expectedOf(setting: Setting): string {
  switch (setting.type) {
    case 'boolean':
      return 'true or false';
    case 'enum':
      return `one of ${setting.choices.join(', ')}`;
    case 'string':
      return setting.form?.expected ?? 'a text';
    case 'pairs':
      return `${setting.placeholder}, each left side once`;
    case 'integer':
    case 'ms':
    case 'bytes':
      return `an integer from ${setting.min} to ${setting.max}`;
    case 'share':
      return `a number from ${setting.min} to ${setting.max}`;
  }
}

function wholeNumber(setting: NumberSetting, value: unknown): Checked {
  const fitting =
    typeof value === 'number' &&
    Number.isSafeInteger(value) &&
    value >= setting.min &&
    value <= setting.max;
  return fitting ? { value } : { expected: expectedOf(setting) };
}

function share(setting: ShareSetting, value: unknown): Checked {
  const fitting = typeof value === 'number' && value >= setting.min && value <= setting.max;
  return fitting ? { value } : { expected: expectedOf(setting) };
}

function fits(setting: TextSetting, text: string): boolean {
  if (text === '' || text.includes('\u0000')) return false;
  return setting.form === undefined || setting.form.pattern.test(text);
}

function pairsOf(items: readonly string[], expected: string): Checked {
  const pairs = items.map((item): readonly [string, string] => {
    const cut = item.indexOf('=');
    return [item.slice(0, Math.max(cut, 0)).trim(), item.slice(cut + 1).trim()];
  });
  const lefts = new Set(pairs.map(([left]) => left));
  const complete = pairs.every(([left, right]) => left !== '' && right !== '');
  return complete && lefts.size === pairs.length ? { value: Object.freeze(pairs) } : { expected };
}
