import type { Budget } from '../../../core/budget.js';
import type { Scalar } from '../../../filter/filter.js';
import { compareValues } from '../../../query/sort.js';
import { foldCase } from '../../../text/fold.js';
import { firstAtLeast } from '../../index/ascending.js';
import type { Dictionary } from '../../index/column.js';
import { fromByteText, TextDictionary } from '../../index/columns/text-dictionary.js';
import { longTexts } from './long-texts.js';

/** How many rows have each value of a dictionary: only of values that some row has. */
export interface CountedCodes {
  dictionary: Dictionary;
  /** Ascending. */
  codes: Uint32Array;
  /** As long as `codes`. */
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

/** A value that no row counted by the largest dictionary has, with its place among that one's values. */
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
  const own = await withoutLong(main, budget);
  let { other } = own;
  const strays = new Map<Scalar, Stray>();
  for (const each of others) {
    const known = await withoutLong(each, budget);
    other += known.other;
    addTo(own, known, strays);
    if (budget.spend(known.codes.length * READ_UNITS) && !(await budget.pause())) break;
  }
  const isWanted = prefixTest(prefix);
  const wanted = isWanted === undefined ? own : await onlyWanted(own, isWanted, budget);
  const extra = [...strays.values()]
    .filter(({ value }) => isWanted?.(value) ?? true)
    .sort((a, b) => a.below - b.below || compareValues(a.value, b.value));
  return { ...joined(wanted, extra), other };
}

/** The counts without those of long texts, and these together. */
async function withoutLong(
  counted: CountedCodes,
  budget: Budget,
): Promise<CountedCodes & { other: number }> {
  const long = await longTexts(counted.dictionary, budget);
  if (long === undefined) return { ...counted, other: 0 };
  let other = 0;
  const rest = only(counted, (code, count) => {
    const isLong = long.has(code);
    if (isLong) other += count;
    return !isLong;
  });
  return { ...rest, other };
}

function only(
  { dictionary, codes, counts }: CountedCodes,
  isWanted: (code: number, count: number) => boolean,
): CountedCodes {
  const [left, own] = [codes.slice(), counts.slice()];
  let size = 0;
  for (let i = 0; i < codes.length; i++) {
    const [code, count] = [codes[i] as number, counts[i] as number];
    if (!isWanted(code, count)) continue;
    left[size] = code;
    own[size] = count;
    size += 1;
  }
  return { dictionary, codes: left.subarray(0, size), counts: own.subarray(0, size) };
}

function addTo(
  { dictionary, codes, counts }: CountedCodes,
  others: CountedCodes,
  strays: Map<Scalar, Stray>,
): void {
  for (let i = 0; i < others.codes.length; i++) {
    const count = others.counts[i] as number;
    const value = others.dictionary.valueOf(others.codes[i] as number);
    const { below, isEqual } = dictionary.placeOf(value);
    const at = firstAtLeast(codes, below + 1);
    if (isEqual && codes[at] === below + 1) counts[at] = (counts[at] as number) + count;
    else strays.set(value, { value, below, count: count + (strays.get(value)?.count ?? 0) });
  }
}

async function onlyWanted(
  counted: CountedCodes,
  isWanted: (value: Scalar) => boolean,
  budget: Budget,
): Promise<CountedCodes> {
  const { dictionary, codes } = counted;
  const wanted = new Set<number>();
  const values = new ValueReader(dictionary, codes.length);
  for (const [i, code] of codes.entries()) {
    if (isWanted(values.at(code))) wanted.add(code);
    if (i % SLICE_VALUES > 0) continue;
    if (budget.spend(SLICE_VALUES * READ_UNITS) && !(await budget.pause())) break;
  }
  return only(counted, (code) => wanted.has(code));
}

/** Whether a value begins with the prefix, whatever its case and accents. */
function prefixTest(prefix: string | undefined): ((value: Scalar) => boolean) | undefined {
  if (prefix === undefined) return undefined;
  const folded = foldCase(prefix);
  return (value) => foldCase(String(value)).startsWith(folded);
}

/** Codes and strays in the order of their values. */
function joined(
  { dictionary, codes, counts }: CountedCodes,
  strays: readonly Stray[],
): Omit<CountedValues, 'other'> {
  if (strays.length === 0) {
    return { counts, valueAt: (i) => dictionary.valueOf(codes[i] as number) };
  }
  const size = codes.length + strays.length;
  const all = new Uint32Array(size);
  /** A code, or below zero the number of a stray: -1 is the first. */
  const places = new Int32Array(size);
  let at = 0;
  let next = 0;
  for (let i = 0; i <= codes.length; i++) {
    const code = codes[i] ?? Infinity;
    for (let stray = strays[next]; stray !== undefined && stray.below < code; at++) {
      all[at] = stray.count;
      places[at] = -1 - next;
      next += 1;
      stray = strays[next];
    }
    if (i === codes.length) break;
    all[at] = counts[i] as number;
    places[at] = code;
    at += 1;
  }
  const valueAt = (i: number): Scalar => {
    const place = places[i] as number;
    return place < 0 ? (strays[-1 - place] as Stray).value : dictionary.valueOf(place);
  };
  return { counts: all, valueAt };
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
