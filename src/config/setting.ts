import type { Verb } from './verbs.js';

/** A setting that cannot be used: one line that names it, made for the person who set it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

interface Described {
  /** One line, for `--help` and docs/settings.md. */
  description: string;
  verbs: readonly Verb[];
  /** Never shown: neither in messages nor in logs. */
  secret?: true;
  /** Its name means the same to other programs: it is also read from the environment without `OMNISEARCH_`. */
  isStandard?: true;
}

/** A whole number within bounds; `ms` and `bytes` say its unit, otherwise `unit` does. */
export interface NumberSetting extends Described {
  type: 'integer' | 'ms' | 'bytes';
  /** Undefined where not setting it is a choice of its own. */
  default: number | undefined;
  min: number;
  max: number;
  unit?: string;
}

/** A decimal number within bounds, such as a part of 1. */
export interface ShareSetting extends Described {
  type: 'share';
  default: number;
  min: number;
  max: number;
}

export interface TextSetting extends Described {
  type: 'string';
  /** May hold `${DATA_DIR}`. Undefined where not setting it is a choice of its own. */
  default: string | undefined;
  /** What the value stands for in `--help`. */
  placeholder: string;
  /** What the value must look like, and how to say so. */
  form?: { pattern: RegExp; expected: string };
}

interface SwitchSetting extends Described {
  type: 'boolean';
  default: boolean;
}

interface ChoiceSetting extends Described {
  type: 'enum';
  choices: readonly string[];
  default: string;
}

/** Repeatable `--flag a=b`. */
interface PairsSetting extends Described {
  type: 'pairs';
  default: readonly [];
  placeholder: string;
}

export type Setting =
  NumberSetting | ShareSetting | TextSetting | SwitchSetting | ChoiceSetting | PairsSetting;

export type Pairs = readonly (readonly [string, string])[];

/** `dataDir` to `DATA_DIR`: the name in messages, the config file, and after `OMNISEARCH_`. */
export function settingName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** `dataDir` to `--data-dir`. */
export function settingFlag(key: string): string {
  return `--${settingName(key).toLowerCase().replaceAll('_', '-')}`;
}
