import { setTimeout as sleep } from 'node:timers/promises';
import { Deadline } from '../../core/deadline.js';
import type { TenantBody } from '../tenants-client.js';
import type { CatalogueSum } from './deployment.js';
import { isSame, MoveError, type Move } from './move.js';
import { copyAliases, prepareTarget } from './prepare-target.js';

/** Other nodes go by a change of a tenant within a second; what they had begun by then ends soon after. */
const SETTLE_MS = 3_000;
const PAUSE_MS = 500;
/** A shard opens a catalogue, or removes one. */
const PATIENCE_MS = 600_000;

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
  if ((await from.store()) === (await to.store())) {
    throw new MoveError(`${from.url} and ${to.url} have one store: it would be moved onto itself`);
  }
  const here = await from.tenants.find(tenant);
  if (here === undefined) throw new MoveError(`there is no tenant ${tenant} at ${from.url}`);
  if (here.deployment !== null && !isSame(here.deployment.url, to.url)) {
    throw new MoveError(`the tenant ${tenant} is at ${here.deployment.url} already`);
  }
  const switched = await isSwitched(move, here);
  if (!switched) {
    await copy(move, here);
    await open(move, here);
  }
  if (!isGone(here)) {
    if (route !== undefined) {
      await route();
      // What was on its way when the balancer was told.
      await sleep(move.settleMs ?? SETTLE_MS);
    } else if (!switched) return 'switched';
    await remove(move);
  }
  await prove(move);
  say(`${tenant} is at ${to.url} alone`);
  return 'moved';
}

function isGone({ state }: TenantBody): boolean {
  return state === 'dropping' || state === 'moved';
}

/** Whether it was copied and is answered there. Its record alone does not tell: an operator may say where a tenant is. */
async function isSwitched({ tenant, to }: Move, here: TenantBody): Promise<boolean> {
  if (here.deployment === null || here.state === 'active') return false;
  const isOpen = (await to.tenants.find(tenant))?.state !== 'read_only';
  return (isOpen || isGone(here)) && (await to.importedUpTo(tenant)) !== undefined;
}

/** From now on it is answered there, by the keys that are here: since the switch nobody changes those. */
async function open(move: Move, { state }: TenantBody): Promise<void> {
  await follow(move);
  const isSuspended = state === 'suspended';
  await move.to.tenants.put(move.tenant, { state: isSuspended ? 'suspended' : 'active' });
}

/** Until both hold the same, and nobody can write to either. */
async function copy(move: Move, here: TenantBody): Promise<void> {
  const { tenant, name, from, to, say } = move;
  if (isGone(here)) {
    throw new MoveError(`the tenant ${tenant} is ${here.state} at ${from.url}`);
  }
  await prepareTarget(move, here);
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
  await untilSearchable(move);
  const [source, target] = await Promise.all([from.sum(tenant), to.sum(tenant)]);
  say(`here:  ${sumText(source)}`);
  say(`there: ${sumText(target)}`);
  if (source.products !== target.products || source.digest !== target.digest) {
    throw new MoveError('the copy differs: omnisearch tenants drop it there, and move it again');
  }
  await from.tenants.put(tenant, { deployment: { name, url: to.url } });
}

/** Takes over what changed until there is nothing more, and its other names, which keys may be for. */
async function follow(move: Move): Promise<{ rows: number }> {
  const { tenant, from, to, say } = move;
  await copyAliases(move);
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

/** What was written by somebody who had not heard of anything is not lost, but seen. */
async function remove({ tenant, from, to, say }: Move): Promise<void> {
  const patience = Deadline.after(PATIENCE_MS);
  let after = await to.importedUpTo(tenant);
  for (;;) {
    const late = await from.export(tenant, after, { shop: false, keys: false });
    if (late.rows > 0) {
      throw new MoveError(
        `${late.rows} rows were written here since: see what they are in its export, send them there, and drop it here by hand`,
      );
    }
    if (late.atEnd) break;
    if (patience.expired) throw new MoveError(`what is written at ${from.url} finds no end`);
    after = late.position;
    await sleep(PAUSE_MS);
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
