import { setTimeout as sleep } from 'node:timers/promises';
import { compareBytes } from '../../src/core/ids.js';
import type { TourDocument } from './documents.js';

/** What the widgets have chosen. */
export interface TourState {
  query: string;
  brand: string[];
  color: string[];
  /** `A` or `A > B`. */
  category: string | undefined;
  price: { least?: number; most?: number };
  rating: number | undefined;
  inStock: boolean;
  kind: string | undefined;
  sort: 'price:asc' | 'price:desc' | 'rating:desc' | undefined;
  page: number;
}

export const NOTHING: TourState = {
  query: '',
  brand: [],
  color: [],
  category: undefined,
  price: {},
  rating: undefined,
  inStock: false,
  kind: undefined,
  sort: undefined,
  page: 0,
};

/** What a widget chooses by. */
export type Refinement = 'brand' | 'color' | 'category' | 'price' | 'rating' | 'inStock' | 'kind';

const PREDICATES: Record<Refinement, (document: TourDocument, state: TourState) => boolean> = {
  brand: ({ brand }, state) => state.brand.length === 0 || state.brand.includes(brand ?? ''),
  color: ({ color = [] }, state) => state.color.every((one) => color.includes(one)),
  category: ({ categories }, { category }) =>
    category === undefined || categories.lvl0 === category || categories.lvl1 === category,
  price: ({ price }, { price: { least, most } }) =>
    (least === undefined || (price !== undefined && price >= least)) &&
    (most === undefined || (price !== undefined && price <= most)),
  rating: ({ rating = 0 }, state) => state.rating === undefined || rating >= state.rating,
  inStock: (document, { inStock }) => !inStock || document.in_stock,
  kind: ({ kind }, state) => state.kind === undefined || kind === state.kind,
};

/** All documents that are chosen, but for what `without` chooses by. */
export function chosen(
  set: readonly TourDocument[],
  state: TourState,
  without?: Refinement,
): TourDocument[] {
  const asked = (Object.keys(PREDICATES) as Refinement[]).filter((one) => one !== without);
  return set.filter((document) => asked.every((one) => PREDICATES[one](document, state)));
}

/** How many of `set` have each value. */
export function counts(
  set: readonly TourDocument[],
  valuesOf: (document: TourDocument) => readonly string[],
): Map<string, number> {
  const found = new Map<string, number>();
  for (const document of set) {
    for (const value of new Set(valuesOf(document))) found.set(value, (found.get(value) ?? 0) + 1);
  }
  return found;
}

/** Missing values last, ties by id in byte order. */
export function sorted(
  set: readonly TourDocument[],
  sort: NonNullable<TourState['sort']>,
): TourDocument[] {
  const [field, order] = sort.split(':') as ['price' | 'rating', 'asc' | 'desc'];
  const sign = order === 'asc' ? 1 : -1;
  return [...set].sort((a, b) => {
    const [x, y] = [a[field], b[field]];
    if (x === undefined || y === undefined) {
      return Number(x === undefined) - Number(y === undefined) || compareBytes(a.id, b.id);
    }
    return sign * (x - y) || compareBytes(a.id, b.id);
  });
}

interface NativeReply {
  total: number;
  next_cursor?: string;
  hits: { id: string; widened?: boolean; highlight?: Record<string, string> }[];
}

/** The same server, asked in its own API with nothing but a plain filter. */
export class Reference {
  private readonly sets = new Map<string, TourDocument[]>();
  private readonly byId: Map<string, TourDocument>;

  constructor(
    private readonly url: string,
    private readonly tenant: string,
    readonly documents: readonly TourDocument[],
    private readonly key: string,
  ) {
    this.byId = new Map(documents.map((document) => [document.id, document]));
  }

  /** Waits until all documents are found. */
  async untilSearchable(): Promise<void> {
    for (;;) {
      const { total } = await this.ask({ browse: true, page: 1, per_page: 0 });
      if (total === this.documents.length) return;
      await sleep(100);
    }
  }

  /** The whole result set of a text; of none, all documents. */
  async set(query: string): Promise<readonly TourDocument[]> {
    if (query === '') return this.documents;
    const known = this.sets.get(query);
    if (known !== undefined) return known;
    const ids: string[] = [];
    for (let page = 1; ; page++) {
      const reply = await this.ask({ query, prefix: true, page, per_page: 250 });
      ids.push(...reply.hits.filter(({ widened }) => widened !== true).map(({ id }) => id));
      if (ids.length >= reply.total) break;
    }
    const set = ids.map((id) => this.document(id));
    this.sets.set(query, set);
    return set;
  }

  /** A page in order of relevance, with names marked. */
  async page(
    state: TourState,
    perPage: number,
  ): Promise<{ id: string; name: string | undefined }[]> {
    const asked = state.query === '' ? { browse: true } : { query: state.query, prefix: true };
    const reply = await this.ask({
      ...asked,
      ...(state.query === '' ? {} : { highlight: ['name'] }),
      filter: plainFilter(state),
      page: state.page + 1,
      per_page: perPage,
    });
    return reply.hits
      .filter(({ widened }) => widened !== true)
      .map(({ id, highlight }) => ({ id, name: highlight?.['name'] }));
  }

  private document(id: string): TourDocument {
    const document = this.byId.get(id);
    if (document === undefined) throw new Error(`an unknown document: ${id}`);
    return document;
  }

  private async ask(body: object): Promise<NativeReply> {
    const response = await fetch(`${this.url}/search/text`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-omnisearch-tenant': this.tenant,
        authorization: `Bearer ${this.key}`,
      },
      body: JSON.stringify({ timeout_ms: 20_000, ...body }),
    });
    const reply = (await response.json()) as NativeReply & { error?: unknown; partial: unknown };
    if (!response.ok || reply.partial !== null)
      throw new Error(JSON.stringify(reply).slice(0, 500));
    return reply;
  }
}

/** In the native form; all of several values of one field by denying what denies them. */
function plainFilter(state: TourState): object {
  const { brand, color, category, price, rating, inStock, kind } = state;
  const all = color.reduceRight<object>(
    (rest, one) => ({ not: { or: [{ color: { ne: one } }, { not: rest }] } }),
    {},
  );
  return {
    ...(brand.length === 0 ? {} : { brand }),
    ...(category === undefined
      ? {}
      : { [category.includes(' > ') ? 'categories.lvl1' : 'categories.lvl0']: category }),
    ...(price.least === undefined && price.most === undefined
      ? {}
      : {
          price: {
            ...(price.least === undefined ? {} : { gte: price.least }),
            ...(price.most === undefined ? {} : { lte: price.most }),
          },
        }),
    ...(rating === undefined ? {} : { rating: { gte: rating } }),
    ...(inStock ? { in_stock: true } : {}),
    ...(kind === undefined ? {} : { kind }),
    ...all,
  };
}
