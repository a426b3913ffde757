import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Store } from '../../src/store/store.js';
import { openIngest, type IngestHarness } from '../ingest/harness.js';
import { openImports, type ImportHarness } from './import-harness.js';

const RUNS = Number(process.env['OMNISEARCH_TEST_INTERLEAVINGS'] ?? 250);
const IDS = ['a', 'b', 'c', 'd'] as const;

/** What happens, in this order: imports are taken, worked on one at a time, and others write in between. */
type Event =
  | { is: 'take'; rows: readonly [string, number][]; prune: boolean }
  /** Others write just before its rows are stored, and before it prunes. */
  | { is: 'work'; during: readonly [string, number][] }
  | { is: 'put'; id: string; price: number }
  | { is: 'delete'; id: string }
  | { is: 'confirm' };

const id = fc.constantFrom(...IDS);
const price = fc.integer({ min: 1, max: 3 });
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    is: fc.constant('take' as const),
    rows: fc.array(fc.tuple(id, price), { minLength: 1, maxLength: 5 }),
    prune: fc.boolean(),
  }),
  fc.record({
    is: fc.constant('work' as const),
    during: fc.array(fc.tuple(id, price), { maxLength: 2 }),
  }),
  fc.record({ is: fc.constant('work' as const), during: fc.constant([]) }),
  fc.record({ is: fc.constant('put' as const), id, price }),
  fc.record({ is: fc.constant('delete' as const), id }),
  fc.constant({ is: 'confirm' as const }),
);

interface Stored {
  price: number;
  /** When others wrote it last, in events; an import's write leaves it as it is where it sees that. */
  writtenBy: 'others' | 'import';
  at: number;
}

interface Taken {
  rows: readonly [string, number][];
  prune: boolean;
  at: number;
}

/**
 * The contract in a few lines. An import writes what nobody else wrote after it was taken, and prunes what it does not
 * have and nobody else wrote after it was taken. A write that changes nothing is none.
 */
class Model {
  /** Products and what was deleted (price 0). */
  readonly stored = new Map<string, Stored>();
  readonly queue: Taken[] = [];
  private unconfirmed: Taken | undefined;
  now = 0;

  put(key: string, value: number): void {
    if (this.priceOf(key) === value) return;
    this.stored.set(key, { price: value, writtenBy: 'others', at: this.now });
  }

  remove(key: string): void {
    if (this.priceOf(key) !== 0) this.put(key, 0);
  }

  work(during: readonly [string, number][]): void {
    const next = this.queue.shift();
    if (next === undefined) return;
    const [atRows, atPrune] = during;
    this.unconfirmed = undefined;
    if (atRows !== undefined) this.put(...atRows);
    for (const [key, value] of next.rows) {
      if (this.priceOf(key) === value || !this.isSeen(key, next)) continue;
      this.stored.set(key, { price: value, writtenBy: 'import', at: this.now });
    }
    if (!next.prune) return;
    const going = this.goingOf(next);
    if (going.length > 0.2 * this.live().length) this.unconfirmed = next;
    else if (going.length > 0) {
      if (atPrune !== undefined) this.put(...atPrune);
      this.prune(this.goingOf(next).filter((key) => going.includes(key)));
    }
  }

  confirm(): boolean {
    if (this.unconfirmed === undefined) return false;
    this.prune(this.goingOf(this.unconfirmed));
    this.unconfirmed = undefined;
    return true;
  }

  prices(): Record<string, number> {
    const live = this.live().map((key) => [key, this.priceOf(key)] as const);
    return Object.fromEntries(live.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  private prune(keys: readonly string[]): void {
    for (const key of keys) {
      this.stored.set(key, { price: 0, writtenBy: 'import', at: this.now });
    }
  }

  private goingOf(feed: Taken): string[] {
    const seen = new Set(feed.rows.map(([key]) => key));
    return this.live().filter((key) => !seen.has(key) && this.isSeen(key, feed));
  }

  private isSeen(key: string, { at }: Taken): boolean {
    const stored = this.stored.get(key);
    return stored === undefined || stored.writtenBy === 'import' || stored.at <= at;
  }

  private live(): string[] {
    return [...this.stored].flatMap(([key, stored]) => (stored.price === 0 ? [] : [key]));
  }

  private priceOf(key: string): number {
    return this.stored.get(key)?.price ?? 0;
  }
}

let node: IngestHarness;
/** The same, but that what others write during an import is written just before each write of that. */
let interrupted: IngestHarness;
let during: [string, number][] = [];
beforeAll(async () => {
  node = await openIngest();
  const { store } = node;
  const write: typeof store.write = async (tenant, writes) => {
    const [first] = writes;
    const isImport = first !== undefined && first.op !== 'price' && first.imported !== undefined;
    const other = isImport ? during.shift() : undefined;
    if (other !== undefined) await node.ingest.upsertOne(tenant, product(...other));
    return store.write(tenant, writes);
  };
  interrupted = await openIngest({
    store: Object.create(store, { write: { value: write } }) as Store,
  });
});
afterAll(() => node.close());

const product = (key: string, value: number) => ({
  ...{ id: key, title: 'A title', category: 'Mice', price: value },
});

async function pricesOf(tenant: string): Promise<Record<string, unknown>> {
  const found = await node.store.documents(tenant, [...IDS]);
  const live = found.flatMap((one) => (one === undefined ? [] : [one.product]));
  return Object.fromEntries(live.map((one) => [one.id, one['price']]));
}

/** Runs one event on both. Of several imports that wait, only the next is worked on. */
async function happen(
  imports: ImportHarness,
  model: Model,
  tenant: string,
  held: { ids: string[] },
  what: Event,
): Promise<void> {
  model.now += 1;
  if (what.is === 'put') {
    await node.ingest.upsertOne(tenant, product(what.id, what.price));
    model.put(what.id, what.price);
  } else if (what.is === 'delete') {
    await node.ingest.upsertOne(tenant, { op: 'delete', id: what.id });
    model.remove(what.id);
  } else if (what.is === 'take') {
    const { rows, prune } = what;
    const asked = rows.map(([key, value]) => product(key, value));
    held.ids.push(await imports.take(asked, { prune }));
    model.queue.push({ rows, prune, at: model.now });
  } else if (what.is === 'work') {
    during = [...what.during];
    await imports.workOnNext(tenant);
    during = [];
    model.work(what.during);
  } else {
    const confirmed = await Promise.all(
      held.ids.map((key) =>
        imports.desk.confirm(tenant, key).then(
          () => true,
          () => false,
        ),
      ),
    );
    const isOne = confirmed.includes(true);
    if (isOne) await imports.workOnNext(tenant);
    expect(model.confirm()).toBe(isOne);
  }
}

test(`imports and other writes in any order come to what the model says (${RUNS} interleavings)`, async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 14 }), async (events) => {
      const tenant = `t${run++}`;
      await node.directory.ensure(tenant);
      const imports = openImports(interrupted, { tenant });
      const model = new Model();
      const held = { ids: [] as string[] };
      for (const what of events) {
        await happen(imports, model, tenant, held, what);
        expect(await pricesOf(tenant)).toEqual(model.prices());
      }
      await imports.runner.close();
    }),
    { numRuns: RUNS },
  );
}, 600_000);
