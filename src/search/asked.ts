import type { Filter } from '../filter/filter.js';
import type { TextQuery } from '../query/text-query.js';
import type { TenantSettings } from '../tenancy/tenant-settings.js';
import { namesAccessory } from '../text/accessories.js';
import { hitDescriber, type DescribeHit } from './describe-hit.js';
import type { Meaning } from './embed.js';
import type { MergeOrder } from './merge-hits.js';
import type { ReadWords } from './read-words.js';
import {
  PLAIN_TEXT,
  type MissingPart,
  type SearchRequest,
  type UnderstoodPart,
} from './search-types.js';
import type { UnderstoodQuery } from './understand-query.js';
import type { WordSlot } from './word-slots.js';

/** What a request asks for, once its text was read. */
export interface Asked {
  filter: Filter;
  /** By words; undefined: the meaning alone. */
  words: TextQuery | undefined;
  meaning: Meaning;
  order: MergeOrder;
  /** By shard, what its first phase kept. */
  pins: ReadonlyMap<string, string>;
  /** What was missing in the first phase, and matters. */
  missing: readonly MissingPart[];
  /** What of the text became a filter. */
  understood: readonly UnderstoodPart[];
  /** As typed, where only low prices are wanted. */
  cheap: string | undefined;
  describe: DescribeHit | undefined;
  /** No word of it names a part or an accessory: what has one in its title is not what is asked for. */
  wantsProduct: boolean;
  /** Undefined for a search by vector. */
  read: ReadWords | undefined;
}

export function askedByVector({ filter }: SearchRequest, vector: Float32Array): Asked {
  return {
    ...{ filter, meaning: vector, order: 'vector' },
    ...{ words: undefined, pins: NO_PINS, missing: [], understood: [] },
    ...{ cheap: undefined, describe: undefined, wantsProduct: false, read: undefined },
  };
}

export function askedByText(
  { text = PLAIN_TEXT, explain }: SearchRequest,
  { filter, parts, cheap, parsed }: UnderstoodQuery,
  read: ReadWords,
  settings: TenantSettings,
): Asked {
  const { words, embedded, slots, pins, missing } = read;
  const { mode, highlight } = text;
  return {
    ...{ filter, words, pins, missing, cheap, read },
    meaning: embedded,
    order: mode === 'vector' ? 'meaning' : 'fused',
    understood: parts,
    wantsProduct: !namesAccessory(slots.map(soughtWord)),
    describe: hitDescriber({
      ...{ slots, highlight, explain },
      phrases: parsed.phrases,
      settings: settings.text,
    }),
  };
}

/** A word as it is mended: `laptop cese` asks for a case. */
function soughtWord({ word, corrections }: WordSlot): string {
  return corrections[0]?.word ?? word.word;
}

const NO_PINS: ReadonlyMap<string, string> = new Map();
