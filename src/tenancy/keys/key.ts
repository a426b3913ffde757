import { timingSafeEqual } from 'node:crypto';
import { digest } from '../../core/ids.js';
import type { Filter } from '../../filter/filter.js';
import { parseFilter } from '../../filter/parse-filter.js';
import type { Narrowing } from '../narrowing.js';
import {
  ALL,
  type KeyKind,
  type KeyLimits,
  type KeyRecord,
  type StoredSecret,
} from './key-record.js';

/** Whoever comes with a key, and what it lets them do. */
export interface Grant {
  /** Of the key; of a browser key that of its parent. */
  id: string;
  kind: KeyKind;
  /** Of the key; of a derived one those of its parent, and behind them its own. Each is counted by itself. */
  rates: readonly KeyRates[];
  /** Undefined: all. */
  tenants: readonly string[] | undefined;
  /** Undefined: all that its kind may do. */
  actions: readonly string[] | undefined;
  /** Pages that may use it; undefined: all. */
  origins: readonly string[] | undefined;
  /** Undefined: it sees all that there is. */
  narrowing: Narrowing | undefined;
}

/** A key as a node goes by it. What is made of its record is made once. */
export class Key {
  private granted: Grant | undefined;
  private readonly expiresAtMs: number;

  constructor(
    readonly record: KeyRecord,
    readonly revision: number,
  ) {
    this.expiresAtMs = timeOf(record.expires_at);
  }

  /** Why it lets nobody in; undefined: it does. */
  deadBecause(nowMs: number): string | undefined {
    // Whenever that was: clocks differ.
    if (this.record.disabled_at !== undefined) return 'the key is disabled';
    return nowMs >= this.expiresAtMs ? 'the key has expired' : undefined;
  }

  /** Its secrets that are good at this time. */
  secretsAt(nowMs: number): StoredSecret[] {
    return this.record.secrets.filter((secret) => isGoodAt(secret, nowMs));
  }

  /** Whether `hash` is that of one of them; takes the same time for every hash. */
  accepts(hash: string, nowMs: number): boolean {
    const asked = Buffer.from(hash);
    const equal = this.secretsAt(nowMs).map((secret) => {
      const own = Buffer.from(secret.hash);
      return own.length === asked.length && timingSafeEqual(own, asked);
    });
    return equal.includes(true);
  }

  /** Throws `invalid_field` where the stored filter is none. */
  get grant(): Grant {
    this.granted ??= grantOf(this.record);
    return this.granted;
  }
}

export function isGoodAt({ expires_at: endsAt }: StoredSecret, nowMs: number): boolean {
  return nowMs < timeOf(endsAt);
}

function timeOf(at: string | undefined): number {
  return at === undefined ? Infinity : Date.parse(at);
}

function grantOf(record: KeyRecord): Grant {
  const { id, kind, limits = {}, tenants, actions, origins } = record;
  return {
    ...{ id, kind, rates: [limits], actions },
    tenants: tenants.includes(ALL) ? undefined : tenants,
    origins: origins?.map((origin) => origin.toLowerCase()),
    narrowing: narrowed(undefined, {
      filter: record.filter,
      exclude: record.fields?.exclude,
      limits,
      priceList: record.price_list,
    }),
  };
}

/** What narrows. */
export interface Narrower {
  /** In its wire form. */
  filter?: unknown;
  filters?: readonly Filter[] | undefined;
  exclude?: readonly string[] | undefined;
  limits?: KeyLimits | undefined;
  priceList?: string | undefined;
}

/** The grant of a key that was derived from another's: never more than that one's. Throws `invalid_field`. */
export function derivedGrant(
  parent: Grant,
  { tenants, ...by }: Narrower & { tenants?: readonly string[] | undefined },
): Grant {
  const own = parent.tenants;
  return {
    ...parent,
    kind: 'search',
    rates: [...parent.rates, ...tighterRates(parent.rates.at(-1), by.limits)],
    tenants: tenants === undefined ? own : tenants.filter((name) => own?.includes(name) !== false),
    narrowing: narrowed(parent.narrowing, by),
  };
}

/** What is left by both; undefined where neither narrows. Throws `invalid_field`. */
function narrowed(outer: Narrowing | undefined, by: Narrower): Narrowing | undefined {
  const { filter, filters = [], exclude = [], limits = {}, priceList } = by;
  const parsed = filter === undefined ? [] : [parseFilter(filter)];
  const maxTopK = least(outer?.maxTopK, limits.max_top_k);
  const maxPageDepth = least(outer?.maxPageDepth, limits.max_page_depth);
  const list = outer?.priceList ?? priceList;
  const parts = {
    filters: [...(outer?.filters ?? []), ...parsed, ...filters],
    exclude: [...new Set([...(outer?.exclude ?? []), ...exclude])].sort(),
    ...(maxTopK === undefined ? {} : { maxTopK }),
    ...(maxPageDepth === undefined ? {} : { maxPageDepth }),
    ...(outer?.exact === false || limits.exact === false ? { exact: false as const } : {}),
    ...(list === undefined ? {} : { priceList: list }),
  };
  const isWhole =
    parts.filters.length === 0 && parts.exclude.length === 0 && Object.keys(parts).length === 2;
  return isWhole ? undefined : { ...parts, version: digest(JSON.stringify(parts)) };
}

/** How many searches are left by both; nothing where the inner ones do not say how many. */
function tighterRates(outer: KeyRates = {}, inner: KeyRates = {}): KeyRates[] {
  if (RATES.every((name) => inner[name] === undefined)) return [];
  const rates: KeyRates = {};
  // Who says how many a second and nothing of more at once lets none more come at once.
  const bound = outer.searches_per_s === undefined ? outer : { burst: 0, ...outer };
  for (const name of RATES) {
    const value = least(bound[name], inner[name]);
    if (value !== undefined) rates[name] = value;
  }
  return [rates];
}

export const RATES = [
  'searches_per_s',
  'burst',
  'per_ip_per_minute',
] as const satisfies readonly (keyof KeyLimits)[];
/** How many searches. */
export type KeyRates = Pick<KeyLimits, (typeof RATES)[number]>;

export const NUMBERS = [
  ...RATES,
  'max_top_k',
  'max_page_depth',
] as const satisfies readonly (keyof KeyLimits)[];

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
