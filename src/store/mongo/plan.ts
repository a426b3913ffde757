import { NO_PRICES, withEntry, type PackedPrices } from '../../core/price-entries.js';
import { decide } from '../decide.js';
import type { PartitionRef, PriceWrite, StoredHead, WriteStatus } from '../store.js';
import type { Embedded, PreparedWrite } from './prepare.js';
import { pricesOf, toHead, type HeadRecord } from './records.js';

/** What the writes of one id come to, together. */
export interface Plan {
  id: string;
  /** Places of these writes in their batch, and what becomes of each. */
  places: readonly number[];
  statuses: WriteStatus[];
  /** The state that the writes were decided on. */
  before: HeadRecord | undefined;
  /** Undefined when nothing changes. */
  after: NextState | undefined;
}

/** What is to be stored; the version is given when it is written. */
export interface NextState {
  head: Omit<StoredHead, 'version' | 'contentVersion'>;
  category: string;
  /** Undefined: the stored one stays. */
  json: string | undefined;
  jsonBytes: number;
  fields: string[];
  /** Undefined: the stored ones stay. */
  embedded: Embedded | undefined;
  /** What price lists say of it. */
  prices: PackedPrices;
  /** What it takes in its command, roughly. */
  bytes: number;
  /** Where the writes believe the product to belong. */
  partitions: readonly PartitionRef[];
  /** Products that the tenant may have once it is one more; undefined: any number. */
  maxProducts?: number | undefined;
}

/** What document and vectors of `after` take; those that it keeps are `before`'s. */
export function storedBytes(after: NextState, before: HeadRecord | undefined): number {
  return after.jsonBytes + vectorBytes(after, before);
}

export function vectorBytes(after: NextState, before: HeadRecord | undefined): number {
  if (after.head.deleted) return 0;
  return after.embedded?.vectors.text.byteLength ?? before?.vectorBytes ?? 0;
}

/** The version of a state that is not written yet: no `ifVersion` is equal to it. */
const NOT_YET = Number.NaN;
/** Its content is newer than anything that is written by now. */
const LATEST = Infinity;

/** Applies the writes of one id, in order, to the state `before`. Pure. */
export function planId(
  id: string,
  writes: readonly PreparedWrite[],
  places: readonly number[],
  before: HeadRecord | undefined,
): Plan {
  let head = before && { ...toHead(before), prices: pricesOf(before) };
  let after: NextState | undefined;
  const statuses = places.map((place) => {
    const prepared = writes[place] as PreparedWrite;
    const status = decide(head, prepared.write);
    if (status === 'applied') {
      after = nextState(prepared, after, before);
      const isPrice = prepared.write.op === 'price';
      const contentVersion = isPrice ? (head?.contentVersion ?? LATEST) : LATEST;
      head = { ...after.head, prices: after.prices, version: NOT_YET, contentVersion };
    }
    return status;
  });
  return { id, places, statuses, before, after };
}

function nextState(
  { write, json, jsonBytes, fields, embedded, bytes }: PreparedWrite,
  previous: NextState | undefined,
  before: HeadRecord | undefined,
): NextState {
  if (write.op === 'price') return pricedState(write, previous ?? keptState(before, bytes));
  const { feedVersion } = write;
  const imported = write.imported?.number;
  const partitions = previous?.partitions ?? [];
  const kept = previous?.prices ?? pricesOf(before);
  if (write.op === 'delete') {
    const { archive } = write;
    const none = { deleted: true, contentHash: '', embedHash: '' };
    const head = { ...none, feedVersion, imported, archive };
    const prices = archive === undefined ? NO_PRICES : kept;
    const category = previous?.category ?? before?.category ?? '';
    const nothing = { json: '', jsonBytes: 0, fields: [], embedded: undefined, prices };
    return { head, category, ...nothing, bytes, partitions };
  }
  const { contentHash, embedHash, product, partition, maxProducts } = write;
  return {
    head: { feedVersion, deleted: false, contentHash, embedHash, imported },
    category: product.category,
    json,
    jsonBytes,
    fields,
    // Kept vectors may be those of a write just before, which is never stored by itself.
    embedded: embedded ?? previous?.embedded,
    prices: kept,
    // Without those vectors: they are a few kilobytes.
    bytes,
    partitions: partition === undefined ? partitions : [...partitions, partition],
    maxProducts,
  };
}

function pricedState({ list, entry }: PriceWrite, previous: NextState): NextState {
  return { ...previous, prices: withEntry(previous.prices, list, entry) };
}

/** The stored product as it is: `decide` has seen that there is one. */
function keptState(before: HeadRecord | undefined, bytes: number): NextState {
  if (before === undefined) throw new Error('a price of a product that is not there');
  const { feedVersion, deleted, contentHash, embedHash, imported } = before;
  const head = { feedVersion, deleted, contentHash, embedHash, imported };
  return {
    ...{ head, category: before.category, json: undefined, embedded: undefined },
    ...{ jsonBytes: before.bytes - before.vectorBytes, fields: before.fields ?? [] },
    ...{ prices: pricesOf(before), bytes, partitions: [] },
  };
}
