import { LRUCache } from 'lru-cache';
import type { ChosenSet } from './choose-set.js';
import type { FoundStates, RowStates } from './row-states.js';
import type { MissingPart } from './search-types.js';

/** How old a choice may be that a search goes by, whatever has changed since. */
const MAX_AGE_MS = 2_000;
/** And one of rows that have not changed. */
const MAX_HELD_MS = 600_000;
/** And one that lacks a shard: it may be back. */
const PARTIAL_AGE_MS = 500;
/** Over all tenants: in memory, about. */
const MAX_BYTES = 16 * 1024 * 1024;
const CHOICE_BYTES = 256;

/** What a choice was made for: where one of these differs, another one is to be made. */
export interface ChoiceScope {
  tenant: string;
  /** Of the text settings. */
  generation: number;
  /** Of rules and synonyms. */
  rules: string;
  /** The text as it was understood. */
  text: string;
  /** Its last word is the beginning of one. */
  isPrefix: boolean;
  byMeaning: boolean;
  /** Of what the caller may see; '': all. */
  narrowing: string;
  /** Slots that some product meets: a word that was just written makes another choice. */
  met: readonly number[];
}

export interface KeptChoice {
  chosen: ChosenSet;
  /** Whose shards had no part in it. */
  missing: readonly MissingPart[];
  asOfMs: number;
  /** Of the rows that it was chosen of. */
  states: FoundStates;
  /** What it holds by, beyond its two seconds; undefined: nothing. */
  basis: ChoiceBasis | undefined;
}

/** By what words and meaning a set was chosen, all of rows in these states. */
interface ChoiceBasis {
  by: string;
  rows: RowStates;
}

/**
 * The result sets of texts, chosen lately: one choice serves all pages, refinements and facets that are
 * asked for within two seconds, and they are of one set.
 */
export class KeptChoices {
  private readonly kept = new LRUCache<string, KeptChoice>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ chosen, missing, basis }, key) =>
      CHOICE_BYTES * (1 + missing.length) +
      (2 * (key.length + (basis?.by.length ?? 0)) +
        chosen.nearest.length +
        8 * chosen.required.length),
  });

  constructor(private readonly now: () => number = () => performance.now()) {}

  fresh(scope: ChoiceScope): KeptChoice | undefined {
    const kept = this.kept.get(choiceKey(scope));
    if (kept === undefined) return undefined;
    const maxAgeMs = kept.missing.length > 0 ? PARTIAL_AGE_MS : MAX_AGE_MS;
    return this.now() - kept.asOfMs > maxAgeMs ? undefined : kept;
  }

  /** One that is good while the rows are as they were, by the same words and meaning. */
  held(scope: ChoiceScope, by: string): { choice: KeptChoice; rows: RowStates } | undefined {
    const choice = this.kept.get(choiceKey(scope));
    if (choice?.basis?.by !== by || choice.missing.length > 0) return undefined;
    if (this.now() - choice.asOfMs > MAX_HELD_MS) return undefined;
    return { choice, rows: choice.basis.rows };
  }

  /** Of shards that had no time to answer, others might have more: nothing is kept then. */
  put(scope: ChoiceScope, choice: KeptChoice): void {
    if (choice.missing.some(({ reason }) => reason === 'timeout')) return;
    this.kept.set(choiceKey(scope), choice);
  }
}

/** A tenant's name, a version and numbers have no line breaks; the text comes last. */
export function choiceKey(of: ChoiceScope): string {
  const { tenant, generation, rules, narrowing, isPrefix, byMeaning, met, text } = of;
  return [tenant, generation, rules, narrowing, isPrefix, byMeaning, met, text].join('\n');
}
