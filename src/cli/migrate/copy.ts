import { isDeepStrictEqual } from 'node:util';
import { mapTurns } from './turns.js';
import type { Installation } from './installation.js';

/** Tenants that are looked at at the same time. */
const AT_ONCE = 4;
const LINES_AT_ONCE = 200;

/**
 * Records that are not copied: what each side counts, notes or has made for itself. Price lists go with the rows, by name.
 */
const OWN: ReadonlySet<string> = new Set([
  ...['audit entry', 'audit', 'usage', 'queries', 'import', 'imports'],
  ...['price lists', 'merchandising', 'tiers', 'found'],
]);
/** What nodes read again when a tenant's tally changes. */
const TALLIED: ReadonlySet<string> = new Set(['rule', 'synonym']);
const TENANT = 'tenant';
const TALLY = 'merchandising';
const LISTS = 'price lists';

type Records = Awaited<ReturnType<Installation['records']>>;

/** Copies products, deletes and what price lists say from one installation to another, and goes on where it ended. */
export class RowCopy {
  /** Where the export of a tenant goes on, and what lists there were. */
  private readonly last = new Map<string, { position: string; lists: string }>();

  constructor(
    readonly from: Installation,
    readonly to: Installation,
    private readonly stop?: AbortSignal,
  ) {}

  /** What changed since; resolves with how many rows that was. Rejects the signal's reason. */
  async round(
    tenants: readonly string[],
    say: (line: string) => void = () => undefined,
    signal: AbortSignal | undefined = this.stop,
  ): Promise<number> {
    let rows = 0;
    await mapTurns(tenants, AT_ONCE, async (tenant) => {
      for (let atEnd = false; !atEnd;) {
        signal?.throwIfAborted();
        const page = await this.page(tenant, signal);
        atEnd = page.atEnd;
        rows += page.rows;
        if (!atEnd) say(`${rows} rows …`);
      }
    });
    return rows;
  }

  /** How many rows came behind what was copied last, of tenants that were. */
  async late(): Promise<number> {
    let rows = 0;
    await mapTurns([...this.last], AT_ONCE, async ([tenant, { position }]) => {
      rows += (await this.from.export(tenant, position, { shop: false, keys: false })).rows;
    });
    return rows;
  }

  private async page(
    tenant: string,
    signal: AbortSignal | undefined,
  ): Promise<{ rows: number; atEnd: boolean }> {
    const known = this.last.get(tenant);
    const after = known?.position ?? (await this.to.importedUpTo(tenant));
    const page = await this.from.export(tenant, after, { shop: false, keys: false }, signal);
    const lists = listsOf(page.text);
    if (page.rows > 0 || known?.lists !== lists) {
      await this.to.import(tenant, page.text, signal);
    }
    this.last.set(tenant, { position: page.position, lists });
    return page;
  }
}

function listsOf(text: string): string {
  const last = text.trimEnd().split('\n').at(-1) ?? '{}';
  return JSON.stringify((JSON.parse(last) as { price_lists?: string[] }).price_lists ?? []);
}

/** Tenants whose rows are to be on the other side: all that are there to stay. */
async function tenantsOf(from: Installation, records: Records): Promise<string[]> {
  const { tenants } = await from.exports.head();
  const named = [...records.values()].filter(({ kind }) => kind === TENANT);
  const gone = new Set(named.filter(({ value }) => isLeaving(value['state'])).map(({ id }) => id));
  return tenants.filter((tenant) => !gone.has(tenant));
}

/**
 * Has the other side hold the same records: plans, keys, aliases, tenants, settings, rules, synonyms. What is the same is
 * not written. Resolves with how many were written or removed, and with the tenants whose rows are to follow.
 */
export async function copyRecords(
  from: Installation,
  to: Installation,
  signal?: AbortSignal,
): Promise<{ changed: number; tenants: string[] }> {
  const [here, there] = [await from.records(signal), await to.records(signal)];
  const lines: string[] = [];
  const retold = new Set<string>();
  for (const [key, record] of here) {
    const { kind, id, value } = record;
    if (OWN.has(kind) || (kind === TENANT && value['state'] === 'dropping')) continue;
    if (isDeepStrictEqual(there.get(key)?.value, value)) continue;
    if (TALLIED.has(kind)) retold.add(tenantIn(id));
    lines.push(JSON.stringify({ record }));
  }
  const dropped: string[] = [];
  for (const [key, { kind, id, value }] of there) {
    if (OWN.has(kind)) continue;
    const isKept =
      here.has(key) && !(kind === TENANT && here.get(key)?.value['state'] === 'dropping');
    if (isKept) continue;
    if (kind === TENANT) {
      if (value['state'] !== 'dropping') dropped.push(id);
      continue;
    }
    if (TALLIED.has(kind)) retold.add(tenantIn(id));
    lines.push(JSON.stringify({ gone: { kind, id } }));
  }
  // Behind what they tell of.
  for (const record of here.values()) {
    if (record.kind === TALLY && retold.has(tenantIn(record.id)))
      lines.push(JSON.stringify({ record }));
  }
  for (let at = 0; at < lines.length; at += LINES_AT_ONCE) {
    const some = `${lines.slice(at, at + LINES_AT_ONCE).join('\n')}\n`;
    await to.restores.records(some, true, signal);
  }
  for (const tenant of dropped) await to.tenants.drop(tenant, {}, signal);
  const removed = await dropLists(here, there, to, signal);
  const tenants = await tenantsOf(from, here);
  return { changed: lines.length + dropped.length + removed, tenants };
}

/** A price list that is not there any more says nothing there either. */
async function dropLists(
  here: Records,
  there: Records,
  to: Installation,
  signal: AbortSignal | undefined,
): Promise<number> {
  let removed = 0;
  for (const [key, { kind, id, value }] of there) {
    if (kind !== LISTS) continue;
    const kept = new Set(namesIn(here.get(key)?.value));
    for (const name of namesIn(value)) {
      if (kept.has(name)) continue;
      await to.dropPriceList(tenantIn(id), name, signal);
      removed += 1;
    }
  }
  return removed;
}

function namesIn(value: unknown): string[] {
  return Object.keys((value as { lists?: object } | undefined)?.lists ?? {});
}

function tenantIn(id: string): string {
  return id.slice(0, id.indexOf('/'));
}

function isLeaving(state: unknown): boolean {
  return state === 'dropping' || state === 'moved';
}
