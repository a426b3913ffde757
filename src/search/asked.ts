import type { Filter } from '../filter/filter.js';
import type { TextQuery } from '../query/text-query.js';
import type { TenantSettings } from '../tenancy/tenant-settings.js';
import { namesAccessory } from '../text/accessories.js';
import type { Pinned } from '../shard-client/leaf-calls.js';
import { hitDescriber, type DescribeHit, type DescribedSlot } from './describe-hit.js';
import type { Meaning } from './embed.js';
import type { MergeOrder } from './merge-hits.js';
import type { ReadWords } from './read-words.js';
import { NO_STATES, type RowStates } from './row-states.js';
import type { SearchRun } from './search-run.js';
import { PLAIN_TEXT, type MissingPart, type UnderstoodPart } from './search-types.js';
import type { UnderstoodQuery } from './understand-query.js';
import type { WordSlot } from './word-slots.js';

/** What searches of one query ask for, once it was read. */
export interface Asked {
  /** By words; undefined: the meaning alone. */
  words: TextQuery | undefined;
  meaning: Meaning;
  order: MergeOrder;
  /** By shard, what its first phase kept. */
  pins: ReadonlyMap<string, Pinned>;
  /** What was missing in the first phase, and matters. */
  missing: readonly MissingPart[];
  /** What of the text became a filter. */
  filters: readonly Filter[];
  understood: readonly UnderstoodPart[];
  /** As typed, where only low prices are wanted. */
  cheap: string | undefined;
  /** Up to where a price is low, once that is known. */
  price?: number;
  /** No word of it names a part or an accessory: what has one in its title is not what is asked for. */
  wantsProduct: boolean;
  /** Undefined for a search by vector, and without a query. */
  text: AskedText | undefined;
  /** It may go by what is known of rows that have not changed since, see `RowStates`. */
  mayRely: boolean;
}

/** What is known of a text. */
interface AskedText {
  read: ReadWords;
  /** As it is searched, without what became a filter. */
  rest: string;
  slots: readonly DescribedSlot[];
  phrases: readonly (readonly string[])[];
  settings: TenantSettings;
}

/** States of rows that the words were counted in. */
export function reliedOf({ text }: Asked): RowStates {
  return text?.read.states.relied ?? NO_STATES;
}

/** By a vector, or without one all that match the filter. */
export function askedByVector(vector: Float32Array | undefined): Asked {
  return {
    ...{ filters: [], meaning: vector, order: 'vector' },
    ...{ words: undefined, pins: NO_PINS, missing: [], understood: [] },
    ...{ cheap: undefined, wantsProduct: false, text: undefined, mayRely: false },
  };
}

export function askedByText(
  { request: { text = PLAIN_TEXT } }: Pick<SearchRun, 'request'>,
  { filters, parts, cheap, parsed, rest }: UnderstoodQuery,
  read: ReadWords,
  settings: TenantSettings,
  mayRely: boolean,
): Asked {
  const { words, embedded, slots, pins, missing } = read;
  return {
    ...{ filters, words, pins, missing, cheap, mayRely },
    meaning: embedded,
    order: text.mode === 'vector' ? 'meaning' : 'fused',
    understood: parts,
    wantsProduct: !namesAccessory(slots.map(soughtWord)),
    text: {
      ...{ read, rest, settings },
      slots: slots.length === 0 ? (words?.slots ?? []) : slots,
      phrases: parsed.phrases,
    },
  };
}

/** Says of the hits of one search what it asked for besides their products. */
export function describerOf(
  { text }: Asked,
  { request: { text: options = PLAIN_TEXT, explain, narrowing } }: Pick<SearchRun, 'request'>,
): DescribeHit | undefined {
  if (text === undefined) return undefined;
  const { slots, phrases, settings } = text;
  const { highlight, whole = false } = options;
  const isPart = (narrowing?.exclude.length ?? 0) > 0;
  const of = { slots, phrases, highlight, whole, explain, isPart };
  return hitDescriber({ ...of, settings: settings.text });
}

/** A word as it is mended: `laptop cese` asks for a case. */
function soughtWord({ word, corrections }: WordSlot): string {
  return corrections[0]?.word ?? word.word;
}

const NO_PINS: ReadonlyMap<string, Pinned> = new Map();
