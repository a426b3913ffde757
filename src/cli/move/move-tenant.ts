import { setTimeout as sleep } from 'node:timers/promises';
import { Deadline } from '../../core/deadline.js';
import type { TenantBody } from '../tenants-client.js';
import type { CatalogueSum, Deployment } from './deployment.js';

/** Other nodes go by a change of a tenant within a second; what they had begun by then ends soon after. */
const SETTLE_MS = 3_000;
const PAUSE_MS = 500;
/** A shard opens a catalogue, or removes one. */
const PATIENCE_MS = 600_000;

/** Why a move can not go on, for people. */
export class MoveError extends Error {
  override readonly name = 'MoveError';
}

export interface Move {
  tenant: string;
  /** What the balancer calls the deployment that it is moved to. */
  name: string;
  from: Deployment;
  to: Deployment;
  /** Has the balancer send the tenant there; undefined: somebody else does. */
  route: (() => Promise<void>) | undefined;
  say: (line: string) => void;
  /** For tests. */
  settleMs?: number;
}

/** `switched`: it is to be routed by hand, and then moved again, which removes it here. */
export type Moved = 'moved' | 'switched';

/**
 * Moves a tenant to another deployment. May be stopped anywhere and run again: how far it came is told by the two.
 *
 *   copy ──> follow ──> read-only here ──> the rest ──> equal? ──> switch ──> route ──> remove here ──> gone?
 *
 * Searches are answered all the time. Writes are refused (403) from the moment that it is read-only here until it is
 * routed. Rejects `MoveError`, `OmniSearchError`.
 */
export async function moveTenant(move: Move): Promise<Moved> {
  const { tenant, from, to, route, say } = move;
  const here = await from.tenants.find(tenant);
  if (here === undefined) throw new MoveError(`there is no tenant ${tenant} at ${from.url}`);
  const isSwitched = here.deployment !== null && isSame(here.deployment.url, to.url);
  if (here.deployment !== null && !isSwitched) {
    throw new MoveError(`the tenant ${tenant} is at ${here.deployment.url} already`);
  }
  if (!isSwitched) await copy(move, here);
  await to.tenants.put(tenant, { state: here.state === 'suspended' ? 'suspended' : 'active' });
  await copyAliases(move);
  if (here.state !== 'dropping' && here.state !== 'moved') {
    if (route !== undefined) {
      await route();
      // What was on its way when the balancer was told.
      await sleep(move.settleMs ?? SETTLE_MS);
    } else if (!isSwitched) return 'switched';
    await remove(move);
  }
  await prove(move);
  say(`${tenant} is at ${to.url} alone`);
  return 'moved';
}

/** Until both hold the same, and nobody can write to either. */
async function copy(move: Move, here: TenantBody): Promise<void> {
  const { tenant, name, from, to, say } = move;
  if (here.state === 'dropping' || here.state === 'moved') {
    throw new MoveError(`the tenant ${tenant} is ${here.state} at ${from.url}`);
  }
  await prepare(move, here);
  const { rows } = await follow(move);
  say(`${rows} rows copied`);
  await untilSearchable(move);
  if (here.state !== 'suspended') {
    say('it is searchable there; from now on it is read-only here');
    await from.tenants.put(tenant, { state: 'read_only' });
  }
  await sleep(move.settleMs ?? SETTLE_MS);
  const rest = await follow(move);
  say(`${rest.rows} rows more`);
  const [source, target] = await Promise.all([from.sum(tenant), to.sum(tenant)]);
  say(`here:  ${sumText(source)}`);
  say(`there: ${sumText(target)}`);
  if (source.products !== target.products || source.digest !== target.digest) {
    throw new MoveError('the copy differs: omnisearch tenants drop it there, and move it again');
  }
  await from.tenants.put(tenant, { deployment: { name, url: to.url } });
}

/** A place for it there, which nobody writes to. */
async function prepare({ tenant, from, to }: Move, here: TenantBody): Promise<void> {
  const there = await to.tenants.find(tenant);
  const isEmpty = there === undefined || there.state === 'moved' || isBare(there);
  if (!isEmpty && there.state !== 'read_only') {
    throw new MoveError(
      `there is a tenant ${tenant} at ${to.url} already, which is ${there.state}`,
    );
  }
  const { plan, limits } = here;
  if (plan !== null && (await to.plan(plan)) === undefined) {
    await to.putPlan(plan, (await from.plan(plan)) ?? {});
  }
  await to.tenants.put(tenant, { state: 'read_only', plan, limits, deployment: null });
}

/** The default tenant is there before anything was written. */
function isBare({ created_at }: TenantBody): boolean {
  return created_at === null;
}

/** Takes over what changed until there is nothing more. */
async function follow({ tenant, from, to, say }: Move): Promise<{ rows: number }> {
  let after = await to.importedUpTo(tenant);
  let rows = 0;
  for (let atEnd = false, isFirst = true; !atEnd; isFirst = false) {
    const page = await from.export(tenant, after, { shop: isFirst, keys: isFirst });
    await to.import(tenant, page.text);
    rows += page.rows;
    [after, atEnd] = [page.position, page.atEnd];
    if (!atEnd) say(`${rows} rows …`);
  }
  return { rows };
}

async function untilSearchable({ tenant, to }: Move): Promise<void> {
  const patience = Deadline.after(PATIENCE_MS);
  const wanted = (await to.tenants.find(tenant))?.usage?.products ?? 0;
  for (;;) {
    const found = await to.searchable(tenant);
    if (found !== undefined && found >= wanted) return;
    if (patience.expired) {
      throw new MoveError(`${to.url} finds ${found ?? 'not all'} of ${wanted} products`);
    }
    await sleep(PAUSE_MS);
  }
}

async function copyAliases({ tenant, from, to }: Move): Promise<void> {
  for (const alias of await from.aliases()) {
    if (alias.tenant === tenant) await to.putAlias(alias.name, tenant);
  }
}

async function remove({ tenant, from, to, say }: Move): Promise<void> {
  // What was written by somebody who had not heard of anything is not lost, but seen.
  const after = await to.importedUpTo(tenant);
  const late =
    after === undefined
      ? undefined
      : await from.export(tenant, after, { shop: false, keys: false });
  if (late === undefined || late.rows > 0) {
    throw new MoveError(
      `${late?.rows ?? 'unknown'} rows were written here since: see what they are in its export, send them there, and drop it here by hand`,
    );
  }
  await from.tenants.drop(tenant, { moved: true });
  say('it is being removed here');
}

/** Nothing of it is left where it was. */
async function prove({ tenant, from, to, say }: Move): Promise<void> {
  const patience = Deadline.after(PATIENCE_MS);
  for (;;) {
    const left = await from.tenants.find(tenant);
    const { products, bytes } = left?.usage ?? { products: 0, bytes: 0 };
    if (left?.state === 'moved' && products === 0 && bytes === 0) break;
    if (patience.expired) throw new MoveError(`${products} products are left at ${from.url}`);
    await sleep(PAUSE_MS);
  }
  if (!(await from.isUnknown(tenant))) throw new MoveError(`${from.url} still answers for it`);
  const { usage } = (await to.tenants.find(tenant)) ?? {};
  say(`here: 0 products, 0 bytes, 404; there: ${usage?.products ?? 0} products`);
}

function sumText({ products, digest }: CatalogueSum): string {
  return `${products} products, digest ${digest}`;
}

function isSame(a: string, b: string): boolean {
  return new URL(a).origin === new URL(b).origin;
}
