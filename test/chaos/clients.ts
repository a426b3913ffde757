import { setTimeout as sleep } from 'node:timers/promises';
import { compareBytes } from '../../src/core/ids.js';
import { Unanswered, type Cluster } from '../e2e/cluster.js';
import { bruteForce, makeProducts, randomVector, type TestProduct } from '../e2e/catalogue.js';
import { History, type ProductState } from './history.js';

export const DIMENSIONS = 8;
export const CATEGORIES = 6;
/** A fifth of the writes wait until they are searchable. */
const WAITING_SHARE = 0.2;
const DELETED_SHARE = 0.2;
const RETRY_MS = 50;

/** Products with their histories, and what was seen that cannot be. */
export class Shop {
  readonly products: readonly TestProduct[];
  readonly histories = new Map<string, History>();
  readonly violations: string[] = [];
  readonly counts = { writes: 0, answers: 0, whole: 0, partial: 0, failed: 0, broken: 0 };
  private lastVersion = 0;

  constructor(
    private readonly at: Cluster,
    count: number,
  ) {
    this.products = makeProducts(count, DIMENSIONS);
    for (const { id } of this.products) this.histories.set(id, new History());
  }

  /** Writes all products, before anything is wrong, and waits until they are searchable. */
  async fill(random: () => number): Promise<void> {
    const rows = this.products.map((product) => this.begin(product, stateOf(random)));
    await this.at.index(rows);
    for (const history of this.histories.values()) history.done(performance.now(), true);
  }

  /** Writes products of its own, one after the other, until the signal is aborted. */
  async write(
    own: readonly TestProduct[],
    random: () => number,
    signal: AbortSignal,
  ): Promise<void> {
    while (!signal.aborted) {
      const product = own[Math.floor(random() * own.length)] as TestProduct;
      if (random() < DELETED_SHARE) await this.remove(product.id);
      else await this.put(product, random, random() < WAITING_SHARE);
    }
  }

  private async put(product: TestProduct, random: () => number, waits: boolean): Promise<void> {
    const body = this.begin(product, stateOf(random));
    const history = this.historyOf(product.id);
    const path = waits ? '/products?wait=searchable&wait_timeout_ms=10000' : '/products';
    const json = await this.untilDone('POST', path, body);
    history.done(performance.now(), json?.['searchable'] === true);
    if (json !== undefined && json['accepted'] !== 1)
      this.blame(`a put was not accepted: ${JSON.stringify(json)}`);
  }

  /** What is to be sent. */
  private begin(product: TestProduct, state: ProductState): object {
    this.historyOf(product.id).begin(state, performance.now());
    return { ...product, ...state, version: ++this.lastVersion };
  }

  /** Writes once more, and waits until that, and so all before it, is searchable; false: it is not yet. */
  async flush(random: () => number): Promise<boolean> {
    const [product] = this.products;
    if (product === undefined) return true;
    await this.put(product, random, true);
    return this.historyOf(product.id).isSearchable;
  }

  private async remove(id: string): Promise<void> {
    const history = this.historyOf(id);
    history.begin(null, performance.now());
    await this.untilDone('DELETE', `/products/${id}`);
    history.done(performance.now(), false);
  }

  /** Again until it is acknowledged: what broke off may have been done. */
  private async untilDone(
    method: string,
    path: string,
    body?: object,
  ): Promise<Record<string, unknown> | undefined> {
    for (;;) {
      const reply = await this.ask(method, path, body);
      const isThere =
        reply !== undefined &&
        (reply.status < 300 || (method === 'DELETE' && reply.status === 404));
      if (isThere) {
        this.counts.writes += 1;
        return reply.json;
      }
      await sleep(RETRY_MS);
    }
  }

  /** Undefined where the connection broke. Whatever else is neither an answer nor "not now" is to blame. */
  private async ask(method: string, path: string, body?: object) {
    try {
      const reply = await this.at.send(method, path, body);
      const isKnown = [200, 204, 404, 503, 504].includes(reply.status);
      if (!isKnown) this.blame(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.json)}`);
      return reply;
    } catch (error) {
      if (error instanceof Unanswered) this.blame(error.message);
      this.counts.broken += 1;
      return undefined;
    }
  }

  /** Searches, and compares each answer with what it may be, until the signal is aborted. */
  async read(random: () => number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const failed = this.counts.failed;
      await this.search(random);
      if (this.counts.failed > failed) await sleep(RETRY_MS);
    }
  }

  /** One exact search over all products, or those of a category. Returns whether it was whole. */
  async search(random: () => number): Promise<boolean> {
    const vector = randomVector(random, DIMENSIONS);
    const category = random() < 0.4 ? `Category ${Math.floor(random() * CATEGORIES)}` : undefined;
    const filter = category === undefined ? {} : { filter: { category } };
    const fromMs = performance.now();
    const reply = await this.ask('POST', '/search/vector', {
      ...{ vector, exact: true, top_k: 1_000, fields: ['price', 'category'], timeout_ms: 5_000 },
      ...filter,
    });
    const toMs = performance.now();
    if (reply?.status !== 200) {
      this.counts.failed += 1;
      return false;
    }
    this.counts.answers += 1;
    const { hits, partial } = reply.json as unknown as Answer;
    this.checkOrder(hits, vector);
    const matches = (state: ProductState): boolean =>
      category === undefined || state.category === category;
    for (const hit of hits) this.checkHit(hit, fromMs, toMs, matches);
    if (partial !== null) {
      this.counts.partial += 1;
      return false;
    }
    this.counts.whole += 1;
    const found = new Set(hits.map(({ id }) => id));
    for (const [id, history] of this.histories) {
      if (found.has(id) || !history.isOwed(fromMs, toMs, matches)) continue;
      this.blame(
        `${id} is missing from a whole answer (${category ?? 'all'}, ${hits.length} hits)`,
      );
    }
    return true;
  }

  private checkHit(
    { id, product }: Answer['hits'][number],
    fromMs: number,
    toMs: number,
    matches: (state: ProductState) => boolean,
  ): void {
    const possible = this.historyOf(id).possible(fromMs, toMs);
    const isPossible = possible.some(
      (state) =>
        state !== null &&
        state.price === product.price &&
        state.category === product.category &&
        matches(state),
    );
    if (!isPossible)
      this.blame(`${id} is ${JSON.stringify(product)}, can be ${JSON.stringify(possible)}`);
  }

  /** Each product once, with its score, in their order. */
  private checkOrder(hits: Answer['hits'], vector: readonly number[]): void {
    const ids = new Set(hits.map(({ id }) => id));
    if (ids.size !== hits.length) this.blame('an answer has a product twice');
    const right = bruteForce(this.products, vector, this.products.length, ({ id }) => ids.has(id));
    const seen = hits.map(({ id, score }) => ({ id, score: Math.fround(score) }));
    const sorted = [...right].sort((a, b) => b.score - a.score || compareBytes(a.id, b.id));
    if (JSON.stringify(seen) !== JSON.stringify(sorted))
      this.blame('scores or order are not the right ones');
  }

  /** A write after all others was said to be searchable. */
  allSearchable(nowMs: number): void {
    for (const history of this.histories.values()) history.searchable(nowMs);
  }

  private historyOf(id: string): History {
    return this.histories.get(id) as History;
  }

  private blame(what: string): void {
    this.violations.push(what);
  }
}

function stateOf(random: () => number): ProductState {
  const category = `Category ${Math.floor(random() * CATEGORIES)}`;
  return { price: Math.floor(random() * 10_000), category };
}

interface Answer {
  hits: { id: string; score: number; product: ProductState }[];
  partial: object | null;
}
