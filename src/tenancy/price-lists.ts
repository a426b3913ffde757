import { boundedCache } from '../core/bounded-cache.js';
import { invalidField, OmniError } from '../core/errors.js';
import { NAME } from '../core/ids.js';
import type { JsonObject } from '../core/product.js';
import { changeRecord } from '../store/change-record.js';
import type { RecordStore } from '../store/record-store.js';
import { tenantRecordId } from '../store/tenant-records.js';
import { Freshness } from './freshness.js';

/** The record of a tenant's lists: its kind, and its id among the tenant's. */
export const PRICE_LISTS_KIND = 'price lists';
export const PRICE_LISTS_ID = 'all';
/** Of a tenant, those that are being removed included. */
const MAX_PRICE_LISTS = 1_000;
/** How old a node's view may be. */
const MAX_AGE_MS = 1_000;
const MAX_KEPT = 5_000;
const MAX_ATTEMPTS = 20;

/** A tenant's lists; products name them by number, and no number is given twice. */
interface Lists {
  /** The highest number given. */
  last: number;
  /** By name. */
  lists: Readonly<Record<string, number>>;
  /** Numbers of removed ones of which products may still have prices. */
  gone: readonly number[];
}

interface Kept extends Lists {
  asOfMs: number;
}

const NONE: Lists = { last: 0, lists: {}, gone: [] };

/** The names of a tenant's price lists: a record, a second old at most where it is only looked at. */
export class PriceLists {
  private readonly kept = boundedCache<Kept>({ max: MAX_KEPT });
  private readonly freshness: Freshness;

  /** @param onChange told of a tenant whose answers are others from now on */
  constructor(
    private readonly records: RecordStore,
    private readonly onChange: (tenant: string) => void = () => undefined,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.freshness = new Freshness(MAX_AGE_MS, now);
  }

  /** The number of a list; undefined where there is none of that name. */
  async find(tenant: string, name: string): Promise<number | undefined> {
    const kept = this.kept.get(tenant);
    const isFresh = kept !== undefined && this.freshness.isFresh(kept.asOfMs);
    const known = isFresh ? numberIn(kept, name) : undefined;
    // One that is not known may have been made by another node just now.
    return known ?? numberIn(await this.read(tenant), name);
  }

  /** Names after `after`, in byte order. */
  async list(tenant: string, after: string | undefined, limit: number): Promise<string[]> {
    const { lists } = await this.read(tenant);
    const names = Object.keys(lists).sort();
    return names.filter((name) => after === undefined || name > after).slice(0, limit);
  }

  /** The numbers of all lists, by name. */
  async numbers(tenant: string): Promise<ReadonlyMap<string, number>> {
    return new Map(Object.entries((await this.read(tenant)).lists));
  }

  /** The number of a list, which is made where there is none. Rejects `invalid_field`, `unavailable`. */
  async ensure(tenant: string, name: string): Promise<number> {
    if (!NAME.pattern.test(name)) throw invalidField('name', `must be ${NAME.expected}`);
    const { lists } = await this.change(tenant, (stored) => {
      if (numberIn(stored, name) !== undefined) return undefined;
      if (Object.keys(stored.lists).length + stored.gone.length >= MAX_PRICE_LISTS) {
        throw invalidField('name', `would be one of more than ${MAX_PRICE_LISTS} price lists`);
      }
      const last = stored.last + 1;
      return { ...stored, last, lists: { ...stored.lists, [name]: last } };
    });
    return lists[name] as number;
  }

  /** Takes a list out: no search finds it any more. Rejects `not_found`, `unavailable`. */
  async remove(tenant: string, name: string): Promise<void> {
    await this.change(tenant, (stored) => {
      const number = numberIn(stored, name);
      if (number === undefined) {
        throw new OmniError('not_found', `there is no price list ${name}`, { field: 'name' });
      }
      const lists = Object.fromEntries(
        Object.entries(stored.lists).filter(([other]) => other !== name),
      );
      return { ...stored, lists, gone: [...stored.gone, number] };
    });
  }

  /** Numbers of removed lists of which products may still have prices. */
  async gone(tenant: string): Promise<readonly number[]> {
    return (await this.read(tenant)).gone;
  }

  /** No product has prices of these any more. */
  async swept(tenant: string, numbers: readonly number[]): Promise<void> {
    await this.change(tenant, (stored) => {
      const gone = stored.gone.filter((number) => !numbers.includes(number));
      return gone.length === stored.gone.length ? undefined : { ...stored, gone };
    });
  }

  /** What is kept is read again when it is asked for: another node has changed some. */
  expireAll(): void {
    this.freshness.expire();
  }

  private async read(tenant: string): Promise<Lists> {
    const asOfMs = this.now();
    const stored = await this.records.get(PRICE_LISTS_KIND, tenantRecordId(tenant, PRICE_LISTS_ID));
    const lists = listsOf(stored?.value);
    this.kept.set(tenant, { ...lists, asOfMs });
    return lists;
  }

  /** @param next undefined: nothing is to be changed */
  private async change(tenant: string, next: (stored: Lists) => Lists | undefined): Promise<Lists> {
    const id = tenantRecordId(tenant, PRICE_LISTS_ID);
    const what = 'the price lists';
    const at = { kind: PRICE_LISTS_KIND, id, what, attempts: MAX_ATTEMPTS };
    const { before, after } = await changeRecord(
      this.records,
      at,
      (stored) => next(listsOf(stored?.value)) as unknown as JsonObject | undefined,
    );
    if (after === undefined) return listsOf(before?.value);
    this.kept.delete(tenant);
    this.onChange(tenant);
    return after as unknown as Lists;
  }
}

/** Of a request or a key that names it: own prices in its place could be too high, or too low. */
export function noSuchList(name: string): OmniError {
  return invalidField('price_list', `must be the name of a price list: there is no ${name}`);
}

function listsOf(value: JsonObject | undefined): Lists {
  return value === undefined ? NONE : (value as unknown as Lists);
}

function numberIn({ lists }: Lists, name: string): number | undefined {
  return Object.hasOwn(lists, name) ? lists[name] : undefined;
}
