import type { TenantBody } from '../tenants-client.js';
import { isSame, MoveError, type Move } from './move.js';

/**
 * A place for a tenant where it is moved to, which nobody writes to. Nothing is written before all is looked at that could
 * stop the move later on. Rejects `MoveError`, `OmniSearchError`.
 */
export async function prepareTarget(move: Move, here: TenantBody): Promise<void> {
  const { tenant, from, to } = move;
  await checkFree(move);
  await checkAliases(move);
  await checkName(move);
  const { plan, limits } = here;
  if (plan !== null && (await to.plan(plan)) === undefined) {
    // There the tenant is at home: a plan that sent it there again would be a plan to move.
    const terms = Object.entries((await from.plan(plan)) ?? {});
    await to.putPlan(plan, Object.fromEntries(terms.filter(([key]) => key !== 'deployment')));
  }
  await to.tenants.put(tenant, { state: 'read_only', plan, limits, deployment: null });
}

/** Has the other names of the tenant stand for it there. Rejects `MoveError` where one is somebody else's. */
export async function copyAliases(move: Move): Promise<void> {
  for (const name of await checkAliases(move)) await move.to.putAlias(name, move.tenant);
}

/** Nothing is there, or what this move had begun. */
async function checkFree({ tenant, to }: Move): Promise<void> {
  const there = await to.tenants.find(tenant);
  // The default tenant is there before anything was written.
  if (there === undefined || there.state === 'moved' || there.created_at === null) return;
  if (there.state !== 'read_only') {
    throw new MoveError(
      `there is a tenant ${tenant} at ${to.url} already, which is ${there.state}`,
    );
  }
  const products = there.usage?.products ?? 0;
  if (products > 0 && (await to.importedUpTo(tenant)) === undefined) {
    throw new MoveError(
      `there is a tenant ${tenant} at ${to.url} already, with ${products} products of its own`,
    );
  }
}

/** Those that are to be there, each of which is nobody's, or stands for the tenant. */
async function checkAliases({ tenant, from, to }: Move): Promise<string[]> {
  const own = (await from.aliases()).filter((alias) => alias.tenant === tenant);
  const taken = new Map((await to.aliases()).map((alias) => [alias.name, alias.tenant]));
  for (const name of [tenant, ...own.map((alias) => alias.name)]) {
    const other = taken.get(name);
    if (other !== undefined && other !== tenant) {
      throw new MoveError(`${name} stands for the tenant ${other} at ${to.url}`);
    }
    const there = name === tenant ? undefined : await to.tenants.find(name);
    if (there !== undefined && there.state !== 'moved') {
      throw new MoveError(`${name}, which stands for ${tenant} here, is a tenant at ${to.url}`);
    }
  }
  return own.map(({ name }) => name).filter((name) => taken.get(name) !== tenant);
}

/** The balancer calls no two deployments alike. */
async function checkName({ tenant, name, from, to }: Move): Promise<void> {
  for (const { id, deployment } of await from.tenants.list()) {
    if (id === tenant || deployment?.name !== name || isSame(deployment.url, to.url)) continue;
    throw new MoveError(
      `the deployment ${name}, where ${id} is, is at ${deployment.url}: give that of ${to.url} another name, in a plan`,
    );
  }
}
