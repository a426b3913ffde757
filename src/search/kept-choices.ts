import { LRUCache } from 'lru-cache';
import type { ChosenSet } from './choose-set.js';

/** How old a choice may be that a search goes by. */
const MAX_AGE_MS = 2_000;
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
  /** Slots that some product meets: a word that was just written makes another choice. */
  met: readonly number[];
}

/**
 * The result sets of texts, chosen lately: one choice serves all pages, refinements and facets that are
 * asked for within two seconds, and they are of one set.
 */
export class KeptChoices {
  private readonly kept = new LRUCache<string, { chosen: ChosenSet; asOfMs: number }>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ chosen }, key) =>
      CHOICE_BYTES + 2 * key.length + chosen.nearest.length + 8 * chosen.required.length,
  });

  constructor(private readonly now: () => number = () => performance.now()) {}

  fresh(scope: ChoiceScope): ChosenSet | undefined {
    const kept = this.kept.get(keyOf(scope));
    return kept === undefined || this.now() - kept.asOfMs > MAX_AGE_MS ? undefined : kept.chosen;
  }

  /** To be called with what all shards chose together, as of `asOfMs`. */
  put(scope: ChoiceScope, chosen: ChosenSet, asOfMs: number): void {
    this.kept.set(keyOf(scope), { chosen, asOfMs });
  }
}

/** A tenant's name, a version and numbers have no line breaks; the text comes last. */
function keyOf(of: ChoiceScope): string {
  const { tenant, generation, rules, isPrefix, byMeaning, met, text } = of;
  return [tenant, generation, rules, isPrefix, byMeaning, met, text].join('\n');
}
