import { compareBytes } from '../core/ids.js';
import { ACCESSORY_MARK } from '../text/accessories.js';
import type { FoundHit } from './merge-hits.js';

/** Hits that are ranked anew, whatever was asked for: so shards are asked for so many at least. */
export const RERANK_WINDOW = 50;
/** The first hits, whose kind is what the query is about. */
const LEADERS = 10;
const TYPE_WEIGHT = 0.1;

/** What has this much of the best text score is found by the same words. */
const SAME_WORDS = 0.8;
/** Fewer may be there by chance, where the shop has only accessories. */
const LEAST_PRODUCTS = 3;

/**
 * Ranks the first hits anew by kind of product: `S += 0.1 cos(type(d), c)`, where type(d) is the unit
 * vector of the hit's type hashes and c the normalised mean of the first ten. It brings printers before
 * toner where most of the first hits are printers. Where `wantsProduct`, and the same words find both
 * products and accessories, c is the mean of the first ten products, and to accessories nothing is added:
 * then printers come first, too, where most of the first hits are toner. Hits beyond the window stay behind
 * it, in their order. Changes the hits' scores; a function of the merged ranking alone, so shards do not matter.
 */
export function rerank(hits: readonly FoundHit[], wantsProduct: boolean): FoundHit[] {
  const window = hits.slice(0, RERANK_WINDOW);
  const kinds = kindsOf(window);
  const products = wantsProduct ? productsOf(window, kinds) : [];
  const prefersProducts = products.length >= LEAST_PRODUCTS;
  const { centre, length } = meanOf((prefersProducts ? products : kinds).slice(0, LEADERS));
  if (length === 0) return [...hits];
  window.forEach((hit, i) => {
    const { scores } = hit;
    if (scores === undefined) return;
    const { hashes, isAccessory } = kinds[i] as Kind;
    scores.type = prefersProducts && isAccessory ? 0 : cosine(hashes, centre, length);
    hit.score += TYPE_WEIGHT * scores.type;
  });
  window.sort((a, b) => b.score - a.score || compareBytes(a.id, b.id));
  return [...window, ...hits.slice(RERANK_WINDOW)];
}

/** The kinds of those that are no accessories, and are found by as many words as any. */
function productsOf(window: readonly FoundHit[], kinds: readonly Kind[]): Kind[] {
  const texts = window.map(({ scores }) => scores?.text ?? 0);
  const least = SAME_WORDS * Math.max(...texts);
  return kinds.filter(({ isAccessory }, i) => !isAccessory && (texts[i] as number) >= least);
}

function meanOf(kinds: readonly Kind[]): { centre: Map<number, number>; length: number } {
  const centre = new Map<number, number>();
  for (const { hashes } of kinds) {
    const part = 1 / Math.sqrt(hashes.length);
    for (const hash of hashes) centre.set(hash, (centre.get(hash) ?? 0) + part);
  }
  let squares = 0;
  for (const part of centre.values()) squares += part * part;
  return { centre, length: Math.sqrt(squares) };
}

function cosine(hashes: Uint32Array, centre: ReadonlyMap<number, number>, length: number): number {
  if (hashes.length === 0) return 0;
  let sum = 0;
  for (const hash of hashes) sum += centre.get(hash) ?? 0;
  return sum / (Math.sqrt(hashes.length) * length);
}

/** What kind of product a hit is. */
interface Kind {
  /** Of its category and its attributes' names. */
  hashes: Uint32Array;
  isAccessory: boolean;
}

const UNKNOWN: Kind = { hashes: new Uint32Array(), isAccessory: false };

/** The kind of each hit; hits of one kind share their bytes, and have them read once. */
function kindsOf(hits: readonly FoundHit[]): Kind[] {
  const read = new Map<Uint8Array, Kind>();
  return hits.map(({ type }) => {
    if (type === undefined) return UNKNOWN;
    let kind = read.get(type);
    if (kind === undefined) read.set(type, (kind = kindOf(type)));
    return kind;
  });
}

function kindOf(type: Uint8Array): Kind {
  const hashes = hashesOf(type);
  const isAccessory = hashes.includes(ACCESSORY_MARK);
  return {
    hashes: isAccessory ? hashes.filter((hash) => hash !== ACCESSORY_MARK) : hashes,
    isAccessory,
  };
}

/** Little-endian u32, which a frame's bytes are rarely aligned to. */
function hashesOf(bytes: Uint8Array): Uint32Array {
  const hashes = new Uint32Array(bytes.byteLength >> 2);
  for (let i = 0, at = 0; i < hashes.length; i++, at += 4) {
    const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
    const high = (bytes[at + 2] as number) | ((bytes[at + 3] as number) << 8);
    // A typed array takes it as unsigned.
    hashes[i] = low | (high << 16);
  }
  return hashes;
}
