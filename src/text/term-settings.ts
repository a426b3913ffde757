import { digest } from '../core/ids.js';
import type { JsonObject } from '../core/product.js';
import { ANALYZER_VERSION } from './analyzer.js';
import { DEFAULT_TEXT_SETTINGS } from './default-settings.js';
import type { TextSettings } from './text-settings.js';

/** What of the settings decides which words a product has. */
export type TermSettings = Pick<TextSettings, 'searchable' | 'identifiers' | 'language'>;

interface StoredGeneration extends TermSettings {
  generation: number;
}

/** Under which settings a tenant's words are made: the member `terms` of its record. */
export interface TenantTerms {
  /** What searches are answered by. */
  serving: TextSettings;
  /** What will serve once every shard has it; absent: nothing is to change. */
  next?: TextSettings;
  /** The highest generation that was ever given. */
  last: number;
}

/** Of a tenant whose settings were never changed. */
const DEFAULT_TERMS: TenantTerms = {
  serving: generationOf(DEFAULT_TEXT_SETTINGS),
  last: DEFAULT_TEXT_SETTINGS.generation,
};

/** What a tenant's record says, or the defaults. Stop words are left out: they are the query's alone. */
export function tenantTerms(record: Readonly<JsonObject> | undefined): TenantTerms {
  const stored = record?.['terms'];
  if (stored === undefined) return DEFAULT_TERMS;
  const { serving, next, last } = stored as unknown as StoredTerms;
  return {
    serving: generationOf(serving),
    ...(next === undefined ? {} : { next: generationOf(next) }),
    last,
  };
}

interface StoredTerms {
  serving: StoredGeneration;
  next?: StoredGeneration;
  last: number;
}

/** `tenantTerms` backwards. */
export function storedTerms({ serving, next, last }: TenantTerms): JsonObject {
  const stored: StoredTerms = {
    serving: storedGeneration(serving),
    ...(next === undefined ? {} : { next: storedGeneration(next) }),
    last,
  };
  return stored as unknown as JsonObject;
}

/** What will serve in the end is what `wanted` says: a further generation, unless there is one already. */
export function wantedTerms(terms: TenantTerms, wanted: TermSettings): TenantTerms {
  const { serving, next, last } = terms;
  if (isSame(next ?? serving, wanted)) return terms;
  if (isSame(serving, wanted)) return { serving, last };
  // A number is given once: the shards may still have files of one that was given up.
  return { serving, next: generationOf({ ...wanted, generation: last + 1 }), last: last + 1 };
}

/** `generation` serves from now on; undefined where it is not what comes next. */
export function switchedTerms(terms: TenantTerms, generation: number): TenantTerms | undefined {
  const { next, last } = terms;
  return next?.generation === generation ? { serving: next, last } : undefined;
}

const keys = new WeakMap<TextSettings, string>();

/** A name for words that were made so, by this version of the analyzer: others are not to be mixed in. */
export function termsKey(settings: TextSettings): string {
  let key = keys.get(settings);
  if (key === undefined) {
    key = `${ANALYZER_VERSION}-${settings.generation}-${digest(contentOf(settings))}`;
    keys.set(settings, key);
  }
  return key;
}

function isSame(a: TermSettings, b: TermSettings): boolean {
  return contentOf(a) === contentOf(b);
}

function contentOf({ searchable, identifiers, language }: TermSettings): string {
  const fields = searchable.map(({ field, weight }) => [field, weight]);
  return JSON.stringify([fields, identifiers, language]);
}

function storedGeneration(settings: StoredGeneration): StoredGeneration {
  const { searchable, identifiers, language, generation } = settings;
  return { searchable, identifiers, language, generation };
}

function generationOf(stored: StoredGeneration): TextSettings {
  return { ...storedGeneration(stored), stopWords: [] };
}
