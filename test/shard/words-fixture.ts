import fc from 'fast-check';
import { compareBytes } from '../../src/core/ids.js';
import { normalise, score } from '../../src/core/vector.js';
import type { Product } from '../../src/core/product.js';
import type { TextQuery } from '../../src/query/text-query.js';
import { writeSegment } from '../../src/shard/build/write-segment.js';
import { openSegment } from '../../src/shard/index/open-segment.js';
import type { Segment } from '../../src/shard/index/segment.js';
import type { TenantIndex } from '../../src/shard/index/tenant-index.js';
import { WriteBuffer } from '../../src/shard/index/write-buffer.js';
import { DEFAULT_TEXT_SETTINGS } from '../../src/text/default-settings.js';
import { productTerms, type ProductTerms } from '../../src/text/product-terms.js';
import { ANALYZER_VERSION } from '../../src/text/analyzer.js';
import { append, newIndex } from './indexed.js';

const DIMENSIONS = 4;
const SEGMENT = {
  dimensions: DIMENSIONS,
  graphMinRows: 1e9,
  graph: { engine: 'usearch' as const, M: 4, efConstruction: 20 },
  ef: { target: 0.95, min: 64, max: 64 },
};

/** Few, so that words, pairs and equal scores are common. */
const WORDS = ['red', 'green', 'usb', 'cable', 'mouse', 'pad', 'x200', '32gb', 'kabel', 'cables'];
const word = fc.constantFrom(...WORDS);
const text = fc.array(word, { minLength: 0, maxLength: 5 }).map((words) => words.join(' '));

export interface Made {
  product: Product;
  vector: Float32Array;
  /** In which block it is written first; the last is the write buffer. */
  block: number;
  isDead: boolean;
}

export const BLOCKS = 4;

export const made: fc.Arbitrary<Made[]> = fc
  .array(
    fc.record({
      title: text,
      brand: word,
      category: fc.constantFrom('Mice', 'Cables', 'Pads'),
      description: text,
      color: word,
      sku: fc.constantFrom('AB-12', 'cd34', 'x200'),
      direction: fc.integer({ min: 0, max: 5 }),
      block: fc.integer({ min: 0, max: BLOCKS - 1 }),
      isDead: fc.boolean(),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((all) =>
    all.map(({ direction, block, isDead, color, ...fields }, i): Made => {
      const product = { id: `P-${(i * 7) % 40}`, ...fields, attributes: { color } };
      return { product, vector: directionOf(direction), block, isDead: isDead && i % 3 === 0 };
    }),
  );

export function directionOf(direction: number): Float32Array {
  return normalise([1, Math.sin(direction), Math.cos(direction), 0.3]) as Float32Array;
}

export const textQuery: fc.Arbitrary<TextQuery> = fc
  .record({
    slots: fc.array(
      fc.record({
        idf: fc.double({ min: 0.1, max: 9, noNaN: true }),
        alternatives: fc.array(
          fc.record({
            words: fc.array(
              fc.constantFrom('red', 'green', 'usb', 'cable', 'mouse', 'x200', '32gb', 'nothing'),
              { minLength: 1, maxLength: 2 },
            ),
            weight: fc.constantFrom(1, 0.8, 0.6),
          }),
          { maxLength: 3 },
        ),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    phrase: fc.option(fc.constantFrom(['usb', 'cable'], ['mouse', 'pad'], ['red']), { freq: 4 }),
    excluded: fc.option(fc.constantFrom('green', 'nothing', 'pad'), { freq: 4 }),
    exactKey: fc.constantFrom('', 'p7', 'ab12', 'x200', 'nothing'),
    cutoff: fc.constantFrom(undefined, 0.2, 0.9),
  })
  .map(({ phrase, excluded, cutoff, ...rest }) => ({
    ...rest,
    analyzer: ANALYZER_VERSION,
    generation: 0,
    ...(phrase === null ? {} : { phrases: [phrase] }),
    ...(excluded === null ? {} : { excluded: [excluded] }),
    ...(cutoff === undefined ? {} : { cutoff }),
  }));

/** The live products in blocks as they say; `merged` brings the first two segments together. */
export async function indexOf(
  folder: string,
  name: string,
  all: readonly Made[],
  { blocks, merged }: { blocks: number; merged: boolean },
): Promise<TenantIndex> {
  const index = newIndex(DIMENSIONS);
  const buffers = Array.from({ length: blocks }, () => new WriteBuffer(DIMENSIONS));
  all.forEach(({ product, vector, block }, i) => {
    append(buffers[block % blocks] as WriteBuffer, product, i + 1, vector);
  });
  const kill = (block: WriteBuffer | TenantIndex['segments'][number]): void => {
    for (const { product, isDead } of all) {
      const row = block.find(product.id);
      if (isDead && row !== -1) block.kill(row);
    }
  };
  for (const [i, buffer] of buffers.slice(0, -1).entries()) {
    if (buffer.rows === 0) continue;
    const record = await writeSegment(folder, `${name}-${i}`, [buffer], SEGMENT);
    if (record === undefined) throw new Error('nothing was live');
    const segment = await openSegment(folder, record);
    kill(segment);
    index.segments.push(segment);
  }
  if (merged && index.segments.length > 1) {
    const [first, second, ...rest] = index.segments as [Segment, Segment];
    const record = await writeSegment(folder, `${name}-merged`, [first, second], SEGMENT);
    index.segments = record === undefined ? rest : [await openSegment(folder, record), ...rest];
    await first.close();
    await second.close();
  }
  index.tail = buffers.at(-1) as WriteBuffer;
  kill(index.tail);
  return index;
}

export interface Expected {
  id: string;
  score: number;
  text: number;
  vector: number;
  exact: number;
  boost: number;
}

/** Every live product with all phrases and no excluded word, best first, by the definition of the score alone. */
export function naive(
  all: readonly Made[],
  query: TextQuery,
  vector: Float32Array | undefined,
): Expected[] {
  const hits: Expected[] = [];
  // Else meaning alone orders.
  const hasWords =
    (query.exactKey ?? '') !== '' ||
    query.slots.some(({ alternatives }) => alternatives.length > 0);
  for (const one of all) {
    if (one.isDead) continue;
    const terms = productTerms(one.product, DEFAULT_TEXT_SETTINGS);
    const isOut =
      query.excluded?.some((excluded) => terms.words.includes(excluded)) === true ||
      query.phrases?.some((phrase) => !hasPhrase(terms, phrase)) === true;
    if (isOut) continue;
    const own = textOf(terms, query);
    const exact = exactOf(terms, query.exactKey ?? '');
    const cosine = vector === undefined ? 0 : score(vector, one.vector);
    hits.push({
      id: one.product.id,
      score: hasWords ? own + 0.5 * cosine + exact : cosine,
      ...{ text: own, vector: cosine, exact, boost: 0 },
    });
  }
  return hits.sort((a, b) => b.score - a.score || compareBytes(a.id, b.id));
}

export function textOf({ words, impacts }: ProductTerms, { slots }: TextQuery): number {
  let [sum, total] = [0, 0];
  for (const { idf, alternatives } of slots) {
    total += idf;
    let best = 0;
    for (const { words: all, weight } of alternatives) {
      const found = all.map((each) => impacts[words.indexOf(each)] ?? 0);
      const least = Math.min(...found);
      if (least > 0) best = Math.max(best, idf * (weight * (0.25 + (0.5 * least) / 255)));
    }
    sum += best;
  }
  return sum === 0 ? 0 : sum / total;
}

export function exactOf({ keys }: ProductTerms, key: string): number {
  if (key === '') return 0;
  return [3, 2, 1].find((mark) => keys.includes(`${mark}${key}`)) ?? 0;
}

export function hasPhrase({ sequence }: ProductTerms, phrase: readonly string[]): boolean {
  return sequence.some((_, at) => phrase.every((each, i) => sequence[at + i] === each));
}
