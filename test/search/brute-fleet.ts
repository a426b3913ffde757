import { compareBytes, hashId, idHashes } from '../../src/core/ids.js';
import { filterFields } from '../../src/core/product-fields.js';
import type { Product } from '../../src/core/product.js';
import { score as cosine } from '../../src/core/vector.js';
import { DocumentFilter } from '../../src/filter/evaluate.js';
import { MATCH_ALL, type Filter } from '../../src/filter/filter.js';
import type { SearchLeafReply, WordCounts } from '../../src/protocol/messages.js';
import { bytesVector, type LeafQuery } from '../../src/query/leaf-query.js';
import { fusedScore } from '../../src/query/leaf-result.js';
import {
  ENOUGH,
  type Chosen,
  type FacetCounts,
  type FacetQuery,
  type LeafView,
  type LeafViewResult,
} from '../../src/query/result-set.js';
import { compareValues, type SortValue } from '../../src/query/sort.js';
import { partOf, type Slot, type TextQuery } from '../../src/query/text-query.js';
import type { RootSearchDeps } from '../../src/search/root-search.js';
import { PartitionMap } from '../../src/store/partition-map.js';
import type { Store } from '../../src/store/store.js';
import { DEFAULT_TEXT_SETTINGS } from '../../src/text/default-settings.js';
import { foldCase } from '../../src/text/fold.js';
import { productTerms } from '../../src/text/product-terms.js';
import { heldBy } from '../store/place.js';

export const TENANT = 'shop';

/** A live product with all that a shard would know of it. */
export interface BruteRow {
  id: string;
  version: number;
  product: Product;
  vector: Float32Array;
  /** Impacts by word. */
  words: Map<string, number>;
  keys: readonly string[];
}

/** What a row comes to for a text. */
interface RowScore {
  text: number;
  vector: number;
  exact: number;
  boost: number;
  score: number;
  /** Numbers of the slots that it meets. */
  met: ReadonlySet<number>;
}

type Value = string | number | boolean;

/** All values of a field that a product has, each once. */
export function valuesOf(product: Product, field: string): Value[] {
  const [, value] = filterFields(product).find(([name]) => name === field) ?? [];
  const list = Array.isArray(value) ? value : value === undefined ? [] : [value];
  return [...new Set(list.filter((one): one is Value => one !== null && typeof one !== 'object'))];
}

function scoreRow(row: BruteRow, query: LeafQuery): RowScore {
  const { text, vector: bytes, boosts = [] } = query;
  const vector = bytes === undefined ? 0 : cosine(bytesVector(bytes), row.vector);
  const boost = boosts.reduce(
    (sum, { filter, weight }) =>
      sum + (new DocumentFilter(filter).matches(row.product) ? weight : 0),
    0,
  );
  if (text === undefined) {
    return { ...{ text: 0, vector, exact: 0, boost }, score: vector + boost, met: new Set() };
  }
  const total = text.slots.reduce((sum, { idf }) => sum + idf, 0);
  let sum = 0;
  const met = new Set<number>();
  text.slots.forEach((slot, i) => {
    const best = bestOf(row, slot);
    if (best > 0) met.add(i);
    sum += best;
  });
  const words = sum === 0 ? 0 : sum / total;
  const exact = exactOf(row, text);
  return {
    ...{ text: words, vector, exact, boost, met },
    score: fusedScore(words, vector, exact, boost),
  };
}

function bestOf({ words }: BruteRow, { idf, alternatives }: Slot): number {
  let best = 0;
  for (const { words: all, weight } of alternatives) {
    const impacts = all.map((word) => words.get(word) ?? 0);
    const least = Math.min(...impacts);
    if (least > 0) best = Math.max(best, partOf(idf, weight, least));
  }
  return best;
}

function exactOf({ keys }: BruteRow, { exactKey }: TextQuery): number {
  if (exactKey === undefined) return 0;
  return [3, 2, 1].find((mark) => keys.includes(`${mark}${exactKey}`)) ?? 0;
}

/** Shards that know all rows of the store, and find by going through them: what real ones should come to. */
export class BruteFleet implements Pick<
  RootSearchDeps['fleet'],
  'search' | 'countWords' | 'tellReach'
> {
  /** Messages of each kind that were answered. */
  readonly asked: string[] = [];
  /** Every shard samples every search: what it was told then. */
  readonly told: { node: string; best: readonly number[] }[] = [];
  /** Shards that do not answer. */
  readonly silent = new Set<string>();
  /** As of which version shards know the store; undefined: as it is. */
  knownUntil: number | undefined;
  private readonly kept = new Map<string, BruteRow>();
  /** All rows, and as of what they were read. */
  private read: { mark: string; rows: BruteRow[] } = { mark: '', rows: [] };

  constructor(private readonly store: Store) {}

  /** Of one shard, or of all. */
  async rows(shard?: string): Promise<BruteRow[]> {
    const mark = `${Buffer.from(await this.store.head(TENANT)).toString('hex')} ${this.knownUntil ?? ''}`;
    if (this.read.mark !== mark) this.read = { mark, rows: await this.readRows() };
    if (shard === undefined) return this.read.rows;
    const map = new PartitionMap(await this.store.placement(TENANT));
    return this.read.rows.filter(({ id, product }) => {
      const partition = map.of(product.category, hashId(id));
      return partition !== undefined && heldBy(shard, [partition]).length > 0;
    });
  }

  private async readRows(): Promise<BruteRow[]> {
    const { entries } = await this.store.readFeed(TENANT, undefined, 100_000);
    const until = this.knownUntil ?? Infinity;
    const live = entries.filter(({ deleted, version }) => !deleted && version <= until);
    const fresh = live.filter(({ id, version }) => this.kept.get(id)?.version !== version);
    const rows = await this.store.rows(
      TENANT,
      fresh.map(({ id }) => id),
    );
    for (const row of rows) {
      if (row === undefined) continue;
      const terms = productTerms(row.product, DEFAULT_TEXT_SETTINGS);
      const words = new Map(terms.words.map((word, i) => [word, terms.impacts[i] as number]));
      const { version, product, vectors } = row;
      const { id } = product;
      this.kept.set(id, { id, version, product, vector: vectors.text, words, keys: terms.keys });
    }
    return live.flatMap(({ id }) => this.kept.get(id) ?? []);
  }

  countWords: RootSearchDeps['fleet']['countWords'] = async (
    { nodes: [shard = ''] },
    { words },
  ) => {
    this.answering('words', shard);
    const rows = await this.rows(shard);
    const df = words.map((word) => rows.filter((row) => row.words.has(word)).length);
    const counts: WordCounts = {
      ...{ type: 'word-counts', live: rows.length, df, near: [], prefixed: [], adjacent: [] },
      ...{ ready: true, counter: 0, timedOut: false, tookMs: 0, rows: this.read.mark },
    };
    return { node: shard, answer: counts };
  };

  search: RootSearchDeps['fleet']['search'] = async (
    { nodes: [shard = ''] },
    { query, counter },
  ) => {
    this.answering(
      query.choose === undefined ? 'views' : query.views.length === 0 ? 'choose' : 'both',
      shard,
    );
    const rows = (await this.rows(shard)).filter(
      ({ version }) => version <= (query.until ?? Infinity),
    );
    const found = answerLeaf(rows, query, counter);
    return { node: shard, answer: { ...found, rows: this.read.mark, sampled: 1 } };
  };

  tellReach: RootSearchDeps['fleet']['tellReach'] = (sampled, best) => {
    for (const { node } of sampled) this.told.push({ node, best });
  };

  /** Shards know what is written at once. */
  awaitApplied: RootSearchDeps['searchable']['awaitApplied'] = async () => [];

  private answering(kind: string, shard: string): void {
    if (this.silent.has(shard)) throw new Error('silent');
    this.asked.push(kind);
  }
}

/** What of `rows` a shard answers that has these. */
function answerLeaf(rows: readonly BruteRow[], query: LeafQuery, counter: number): SearchLeafReply {
  const all = rows.map((row) => ({ row, of: scoreRow(row, query) }));
  const chosen = query.choose && chooseOf(all, query);
  const inSet = setOf(all, query, chosen);
  return {
    type: 'hits',
    ...{ refused: [], counter, tookMs: 0, timedOut: false },
    ...(chosen === undefined ? {} : { chosen }),
    views: query.views.map((view) => viewOf(inSet, view)),
  };
}

interface Scored {
  row: BruteRow;
  of: RowScore;
}

function chooseOf(all: readonly Scored[], { choose, text }: LeafQuery): Chosen {
  const { drop = [], nearest = 0 } = choose ?? {};
  const near = all
    .filter(({ of }) => of.vector >= (text?.cutoff ?? -Infinity))
    .sort((a, b) => b.of.vector - a.of.vector || compareBytes(a.row.id, b.row.id))
    .slice(0, nearest);
  return {
    having: drop.map(
      (_, i) => all.filter(({ of }) => drop.slice(i).every((slot) => of.met.has(slot))).length,
    ),
    exact: all.filter(({ of }) => of.exact > 0).length,
    nearest: {
      ids: near.map(({ row }) => row.id),
      versions: near.map(({ row }) => row.version),
      scores: near.map(({ of }) => of.vector),
    },
  };
}

function setOf(all: readonly Scored[], query: LeafQuery, chosen: Chosen | undefined): Scored[] {
  const { set, hidden, choose } = query;
  const isHidden = among(hidden);
  const shown = all.filter(({ row }) => !isHidden(row.id));
  if (set === undefined) return shown;
  const { required = requiredBy(choose?.drop ?? [], chosen) } = set;
  const isMember = among(set.members);
  const near = set.required === undefined && chosen?.exact === 0 ? chosen.nearest.ids : [];
  return shown.filter(
    ({ row, of }) =>
      of.exact > 0 ||
      isMember(row.id) ||
      near.includes(row.id) ||
      (required.length > 0 && required.every((slot) => of.met.has(slot))),
  );
}

function requiredBy(drop: readonly number[], chosen: Chosen | undefined): readonly number[] {
  const first = chosen?.having.findIndex((count) => count >= ENOUGH) ?? -1;
  return first === -1 ? drop.slice(-1) : drop.slice(first);
}

/** Whether an id's hash is among some. */
function among(hashes: Uint8Array | undefined): (id: string) => boolean {
  const bytes = Buffer.from(hashes ?? []);
  const known = new Set<string>();
  for (let at = 0; at < bytes.length; at += 8) known.add(bytes.toString('hex', at, at + 8));
  return (id) => known.size > 0 && known.has(Buffer.from(idHashes([id])).toString('hex'));
}

function viewOf(inSet: readonly Scored[], view: LeafView): LeafViewResult {
  const { filter = MATCH_ALL, categories, only, k, sort = [], after, facets, group } = view;
  const isWanted = among(only);
  const matching = matchesOf(inSet, filter)
    .filter(({ row }) => categories?.includes(row.product.category) ?? true)
    .filter(({ row }) => only === undefined || isWanted(row.id));
  const keyed = matching.map((one) => ({ ...one, keys: keysOf(one, sort) }));
  const signs = sort.length === 0 ? [-1] : sort.map(({ order }) => (order === 'asc' ? 1 : -1));
  const compare = (a: Keyed, b: Keyed): number => compareKeyed(a, b, signs);
  keyed.sort(compare);
  const place = after && { keys: [...after.keys], row: { id: after.id } };
  const behind = place === undefined ? keyed : keyed.filter((one) => compare(one, place) > 0);
  if (group !== undefined) return groupsOf(behind, group, k, sort.length > 0);
  return {
    hits: columnsOf(behind.slice(0, k), sort.length > 0),
    total: matching.length,
    more: behind.length > k,
    ...(facets === undefined
      ? {}
      : {
          facets: facets.map((facet) =>
            countFacet(
              matching.map(({ row }) => row.product),
              facet,
            ),
          ),
        }),
  };
}

function matchesOf<T extends { row: BruteRow }>(rows: readonly T[], filter: Filter): T[] {
  const documents = new DocumentFilter(filter);
  return rows.filter(({ row }) => documents.matches(row.product));
}

interface Keyed {
  row: Pick<BruteRow, 'id'>;
  keys: SortValue[];
}

function keysOf({ row, of }: Scored, sort: NonNullable<LeafView['sort']>): SortValue[] {
  if (sort.length === 0) return [of.score];
  return sort.map(({ field, order }) => {
    if (field === '_score') return of.score;
    const values = valuesOf(row.product, field).sort(compareValues);
    return (order === 'asc' ? values[0] : values.at(-1)) ?? null;
  });
}

function compareKeyed(a: Keyed, b: Keyed, signs: readonly number[]): number {
  for (const [i, sign] of signs.entries()) {
    const [x, y] = [a.keys[i] ?? null, b.keys[i] ?? null];
    if (x === y) continue;
    if (x === null || y === null) return x === null ? 1 : -1;
    return sign * compareValues(x, y);
  }
  return compareBytes(a.row.id, b.row.id);
}

function columnsOf(found: readonly (Scored & Keyed)[], isSorted: boolean): LeafViewResult['hits'] {
  const column = (of: (row: RowScore) => number): number[] => found.map((one) => of(one.of));
  const keys = found[0]?.keys ?? [];
  return {
    ids: found.map(({ row }) => row.id),
    versions: found.map(({ row }) => row.version),
    scores: {
      vector: column(({ vector }) => vector),
      text: column(({ text }) => text),
      exact: column(({ exact }) => exact),
      boost: column(({ boost }) => boost),
    },
    ...(isSorted ? { sort: keys.map((_, i) => found.map((one) => one.keys[i] ?? null)) } : {}),
  };
}

function countFacet(
  products: readonly Product[],
  { field, limit, prefix, ranges }: FacetQuery,
): FacetCounts {
  const all = new Map<Value, number>();
  const numbers: number[] = [];
  for (const product of products) {
    for (const value of valuesOf(product, field)) {
      if (typeof value === 'number') numbers.push(value);
      if (prefix !== undefined && !foldCase(String(value)).startsWith(foldCase(prefix))) continue;
      all.set(value, (all.get(value) ?? 0) + 1);
    }
  }
  const sorted = [...all].sort(([a, n], [b, m]) => m - n || compareValues(a, b));
  const named = sorted.slice(0, limit);
  return {
    values: named.map(([value]) => value),
    counts: named.map(([, count]) => count),
    other: sorted.slice(named.length).reduce((sum, [, count]) => sum + count, 0),
    distinct: sorted.length,
    ...(numbers.length === 0
      ? {}
      : {
          stats: {
            ...{ min: Math.min(...numbers), max: Math.max(...numbers) },
            ...{ sum: numbers.reduce((a, b) => a + b, 0), count: numbers.length },
          },
        }),
    ...(ranges === undefined
      ? {}
      : {
          ranges: ranges.map(
            ({ from = -Infinity, to = Infinity }) =>
              products.filter((product) =>
                valuesOf(product, field).some(
                  (value) => typeof value === 'number' && value >= from && value < to,
                ),
              ).length,
          ),
        }),
  };
}

function groupsOf(
  sorted: readonly (Scored & Keyed)[],
  { field, limit, values }: NonNullable<LeafView['group']>,
  k: number,
  isSorted: boolean,
): LeafViewResult {
  const groups = new Map<unknown, (Scored & Keyed)[]>();
  let single = 0;
  for (const one of sorted) {
    const [value] = valuesOf(one.row.product, field);
    if (values !== undefined && (value === undefined || !values.includes(value))) continue;
    if (value === undefined) single += 1;
    const key = value ?? one;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const wanted = [...groups].slice(0, k);
  const hits = wanted.flatMap(([, members]) => members.slice(0, limit));
  return {
    hits: columnsOf(hits, isSorted),
    total: sorted.length,
    more: groups.size > k,
    groups: {
      of: hits.map(({ row }) => valuesOf(row.product, field)[0] ?? null),
      sizes: wanted.flatMap(([, members]) => members.slice(0, limit).map(() => members.length)),
      keys: idHashes(
        [...groups.keys()]
          .filter((key) => typeof key !== 'object')
          .map((key) => JSON.stringify(key)),
      ),
      single,
    },
  };
}
