import type { Budget } from '../../../core/budget.js';
import type { Scalar } from '../../../filter/filter.js';
import { compareValues } from '../../../query/sort.js';
import { foldCase } from '../../../text/fold.js';
import type { Dictionary } from '../../index/column.js';
import { fromByteText, TextDictionary } from '../../index/columns/text-dictionary.js';
import { longTexts } from './long-texts.js';

/** How many rows have each value of a dictionary, by code. */
export interface CountedCodes {
  dictionary: Dictionary;
  counts: Uint32Array;
}

/** Values with their counts, in the order of values; each is read when it is asked for. */
export interface CountedValues {
  counts: Uint32Array;
  valueAt(i: number): Scalar;
  /** Of texts that nobody can be told. */
  other: number;
}

/** Values looked at between two looks at the budget, and the units of work of reading one. */
const SLICE_VALUES = 512;
const READ_UNITS = 8;
/** A value is found in this many times the time in which the next one is read. */
const FIND_FACTOR = 8;

/** A value that the largest dictionary does not have, with its place among those that it has. */
interface Stray {
  value: Scalar;
  below: number;
  count: number;
}

/**
 * The counts of several dictionaries of one type as one, each value once. What the others have is looked up in
 * the largest: mostly that is one segment's, and the others are a write buffer's.
 */
export async function countedValues(
  all: readonly CountedCodes[],
  prefix: string | undefined,
  budget: Budget,
): Promise<CountedValues> {
  const [main, ...others] = all.toSorted((a, b) => b.dictionary.size - a.dictionary.size);
  if (main === undefined) return { counts: new Uint32Array(), valueAt: () => '', other: 0 };
  const own = await splitLong(main, budget);
  let { other } = own;
  const strays = new Map<Scalar, Stray>();
  for (const each of others) {
    const known = await splitLong(each, budget);
    other += known.other;
    addTo(main, { ...each, counts: known.counts }, own.counts, strays);
    if (budget.spend(each.counts.length * READ_UNITS) && !(await budget.pause())) break;
  }
  const isWanted = prefixTest(prefix);
  const codes = await codesOf({ ...main, counts: own.counts }, isWanted, budget);
  const extra = [...strays.values()]
    .filter(({ value }) => isWanted?.(value) ?? true)
    .sort((a, b) => a.below - b.below || compareValues(a.value, b.value));
  return { ...joined(main.dictionary, own.counts, codes, extra), other };
}

/** The counts without those of long texts, and these together. */
async function splitLong(
  { dictionary, counts }: CountedCodes,
  budget: Budget,
): Promise<{ counts: Uint32Array; other: number }> {
  const long = await longTexts(dictionary, budget);
  if (long === undefined) return { counts, other: 0 };
  let other = 0;
  const rest = counts.slice();
  for (const code of long.rows()) {
    other += rest[code] as number;
    rest[code] = 0;
  }
  return { counts: rest, other };
}

function addTo(
  { dictionary }: CountedCodes,
  others: CountedCodes,
  counts: Uint32Array,
  strays: Map<Scalar, Stray>,
): void {
  for (let code = 1; code < others.counts.length; code++) {
    const count = others.counts[code] as number;
    if (count === 0) continue;
    const value = others.dictionary.valueOf(code);
    const { below, isEqual } = dictionary.placeOf(value);
    if (isEqual) counts[below + 1] = (counts[below + 1] as number) + count;
    else strays.set(value, { value, below, count: count + (strays.get(value)?.count ?? 0) });
  }
}

/** The codes that some row has and whose value is wanted, ascending. */
async function codesOf(
  { dictionary, counts }: CountedCodes,
  isWanted: ((value: Scalar) => boolean) | undefined,
  budget: Budget,
): Promise<Uint32Array> {
  const codes = usedCodes(counts);
  budget.spend(counts.length / SLICE_VALUES);
  if (isWanted === undefined) return codes;
  let wanted = 0;
  const values = new ValueReader(dictionary, codes.length);
  for (const [i, code] of codes.entries()) {
    // Those that are wanted move up in the same list.
    if (isWanted(values.at(code))) codes[wanted++] = code;
    if (i % SLICE_VALUES > 0) continue;
    if (budget.spend(SLICE_VALUES * READ_UNITS) && !(await budget.pause())) break;
  }
  return codes.subarray(0, wanted);
}

function usedCodes(counts: Uint32Array): Uint32Array {
  const codes = new Uint32Array(counts.length);
  let used = 0;
  for (let code = 1; code < counts.length; code++) if (counts[code] !== 0) codes[used++] = code;
  return codes.subarray(0, used);
}

/** Whether a value begins with the prefix, whatever its case and accents. */
function prefixTest(prefix: string | undefined): ((value: Scalar) => boolean) | undefined {
  if (prefix === undefined) return undefined;
  const folded = foldCase(prefix);
  return (value) => foldCase(String(value)).startsWith(folded);
}

/** Codes and strays in the order of their values. */
function joined(
  dictionary: Dictionary,
  counts: Uint32Array,
  codes: Uint32Array,
  strays: readonly Stray[],
): Omit<CountedValues, 'other'> {
  const size = codes.length + strays.length;
  const joinedCounts = new Uint32Array(size);
  /** A code, or below zero the number of a stray: -1 is the first. */
  const places = new Int32Array(size);
  let at = 0;
  let next = 0;
  for (let i = 0; i <= codes.length; i++) {
    const code = codes[i] ?? Infinity;
    for (let stray = strays[next]; stray !== undefined && stray.below < code; at++) {
      joinedCounts[at] = stray.count;
      places[at] = -1 - next;
      next += 1;
      stray = strays[next];
    }
    if (i === codes.length) break;
    joinedCounts[at] = counts[code] as number;
    places[at] = code;
    at += 1;
  }
  const valueAt = (i: number): Scalar => {
    const place = places[i] as number;
    return place < 0 ? (strays[-1 - place] as Stray).value : dictionary.valueOf(place);
  };
  return { counts: joinedCounts, valueAt };
}

/** Values of ascending codes: where most are wanted they are read one after the other. */
class ValueReader {
  private readonly texts: Iterator<string> | undefined;
  private read = 0;

  constructor(
    private readonly dictionary: Dictionary,
    count: number,
  ) {
    const isDense = count * FIND_FACTOR > dictionary.size;
    if (isDense && dictionary instanceof TextDictionary) this.texts = dictionary.byteTexts();
  }

  at(code: number): Scalar {
    if (this.texts === undefined) return this.dictionary.valueOf(code);
    let value = '';
    for (; this.read < code; this.read++) value = String(this.texts.next().value);
    return fromByteText(value);
  }
}
