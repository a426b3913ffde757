import { exec } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import type { Config } from '../../config/settings.js';
import { print } from '../terminal.js';
import { Deployment } from './deployment.js';
import { MoveError } from './move.js';
import { moveTenant } from './move-tenant.js';
import { checkMap, writeRoutes } from './route-tenants.js';

const RELOAD_LIMIT_MS = 30_000;
/** An address is called so where no plan names it. */
const NAME_LENGTH = 41;
/** Two that begin alike are told apart by it. */
const HASH_LENGTH = 8;

type MoveConfig = Pick<
  Config,
  'url' | 'adminKey' | 'to' | 'toAdminKey' | 'out' | 'mapFor' | 'reload'
>;

/** `omnisearch tenants move NAME`. Resolves with the exit code. Rejects `MoveError`, `OmniSearchError`. */
export async function runMove(config: MoveConfig, tenant: string): Promise<number> {
  const { out } = config;
  const from = new Deployment(config.url, config.adminKey);
  if (out !== undefined) await checkMap(out, await from.store());
  const { name, url } = await targetOf(config, from, tenant);
  const to = new Deployment(url, config.toAdminKey);
  const route = async (): Promise<void> => {
    await writeRoutes(config, from);
    await promisify(exec)(config.reload, { timeout: RELOAD_LIMIT_MS });
    print(`the balancer sends it there: ${config.reload}`);
  };
  const moved = await moveTenant({
    ...{ tenant, name, from, to, say: print },
    route: out === undefined ? undefined : route,
  });
  if (moved === 'switched') {
    print(`${tenant} is ready at ${url}, and read-only here. Have the balancer send it there`);
    print('(omnisearch tenants route), and run the same command again: it is removed here then.');
  }
  return 0;
}

/** By the command, or the tenant's plan. Throws `MoveError` where neither says. */
async function targetOf(
  { to }: MoveConfig,
  from: Deployment,
  tenant: string,
): Promise<{ name: string; url: string }> {
  const { plan } = (await from.tenants.find(tenant)) ?? {};
  const planned = plan == null ? undefined : (await from.plan(plan))?.deployment;
  if (to === undefined) {
    if (planned !== undefined) return planned;
    throw new MoveError(`tenants move needs --to URL: the plan of ${tenant} has no deployment`);
  }
  if (!/^https?:\/\/[^\s/]+\/?$/.test(to)) {
    throw new MoveError('--to must be http://… or https://…, with host and port alone');
  }
  const url = new URL(to).origin;
  if (planned !== undefined && new URL(planned.url).origin === url) return { ...planned, url };
  return { name: nameOf(url), url };
}

/** What the balancer calls a deployment that no plan names. */
export function nameOf(url: string): string {
  const { host } = new URL(url);
  const name = host.replaceAll(/[^a-z0-9_-]+/g, '-').slice(0, NAME_LENGTH);
  return `${name}-${createHash('sha256').update(url).digest('hex').slice(0, HASH_LENGTH)}`;
}
