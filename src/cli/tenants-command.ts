import { setTimeout as sleep } from 'node:timers/promises';
import { OmniSearchError } from '../client/errors.js';
import type { Config } from '../config/settings.js';
import { problemOf } from './api-problem.js';
import { Deployment } from './move/deployment.js';
import { exportTenant } from './move/export-command.js';
import { runMove } from './move/move-command.js';
import { MoveError } from './move/move.js';
import { writeRoutes } from './move/route-tenants.js';
import { sizeText } from './placement-texts.js';
import { TenantsClient, type TenantBody, type TenantChangeBody } from './tenants-client.js';
import { complain, print, WRONG_USAGE } from './terminal.js';
import { linesOf } from './text-table.js';

const COULD_NOT = 1;
const PAUSE_MS = 500;
const USAGE =
  'usage: omnisearch tenants list | show NAME | create NAME [PLAN] | plan NAME PLAN | suspend NAME | resume NAME | drop NAME | export NAME | move NAME | route';

type TenantsConfig = Pick<
  Config,
  | 'url'
  | 'adminKey'
  | 'json'
  | 'wait'
  | 'settingsFrom'
  | 'to'
  | 'toAdminKey'
  | 'out'
  | 'mapFor'
  | 'reload'
>;

/** How many words follow each action, at least and at most. */
const WORDS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  list: [0, 0],
  show: [1, 1],
  create: [1, 2],
  plan: [2, 2],
  suspend: [1, 1],
  resume: [1, 1],
  drop: [1, 1],
  export: [1, 1],
  move: [1, 1],
  route: [0, 0],
};

/**
 * `omnisearch tenants …`. Resolves with the exit code: 0; 1 when it could not; 2 for wrong usage.
 *
 *   list                                       who is there, and by which plan
 *   show NAME                                  one, with what it has
 *   create NAME [PLAN] [--settings-from T]     before its first product, or with a plan at once
 *   plan NAME PLAN                             gives it another; `none` takes it away
 *   suspend | resume NAME                      all is kept, nothing is answered; or again
 *   drop NAME [--wait]                         and all that it has; ends when nothing is left
 *   export NAME [--out FILE]                   its catalogue as it is stored, with settings, rules and synonyms
 *   move NAME [--to URL] [--out FILE]          to another deployment, that of its plan or URL
 *   route [--out FILE]                         the balancer's map: who is where
 */
export async function runTenants(config: TenantsConfig, words: readonly string[]): Promise<number> {
  const [action = '', ...operands] = words;
  const [least, most] = WORDS[action] ?? [1, 0];
  if (operands.length < least || operands.length > most) return complain(WRONG_USAGE, USAGE);
  const client = new TenantsClient(config);
  const [name = '', plan] = operands;
  try {
    if (action === 'list') return tell(config, await client.list());
    if (action === 'show') return await show(client, config, name);
    if (action === 'drop') return await drop(client, config, name);
    if (action === 'export') return await exportTenant(config, name);
    if (action === 'move') return await runMove(config, name);
    if (action === 'route') {
      const here = new Deployment(config.url, config.adminKey);
      await writeRoutes(config, here);
      return 0;
    }
    return tell(config, await client.put(name, changeOf(action, plan, config)));
  } catch (error) {
    if (error instanceof OmniSearchError) return complain(COULD_NOT, problemOf(error));
    if (error instanceof MoveError) return complain(COULD_NOT, error.message);
    throw error;
  }
}

function changeOf(
  action: string,
  plan: string | undefined,
  { settingsFrom }: TenantsConfig,
): TenantChangeBody {
  if (action === 'suspend') return { state: 'suspended' };
  if (action === 'resume') return { state: 'active' };
  const named = plan === undefined ? {} : { plan: plan === 'none' ? null : plan };
  return settingsFrom === undefined ? named : { ...named, settings_from: settingsFrom };
}

async function show(client: TenantsClient, config: TenantsConfig, name: string): Promise<number> {
  const tenant = await client.find(name);
  return tenant === undefined
    ? complain(COULD_NOT, `there is no tenant ${name}`)
    : tell(config, tenant);
}

async function drop(client: TenantsClient, config: TenantsConfig, name: string): Promise<number> {
  const dropped = await client.drop(name);
  if (!config.wait) return tell(config, dropped);
  for (let left: TenantBody | undefined = dropped; left !== undefined;) {
    await sleep(PAUSE_MS);
    left = await client.find(name);
    const { products } = left?.usage ?? {};
    if (products !== undefined) process.stderr.write(`${products} products are left\n`);
  }
  return tell(config, { ...dropped, state: 'dropped' });
}

function tell({ json }: TenantsConfig, found: TenantBody | readonly TenantBody[]): number {
  if (json) print(JSON.stringify('id' in found ? found : { tenants: found }));
  else for (const line of tenantLines('id' in found ? [found] : found)) print(line);
  return 0;
}

function tenantLines(tenants: readonly TenantBody[]): string[] {
  if (tenants.length === 0) return ['no tenants'];
  const isWhole = tenants.some(({ usage }) => usage !== undefined);
  const isApart = tenants.some(({ dedicated }) => dedicated !== undefined);
  const whole = isWhole ? ['PRODUCTS', 'SIZE'] : [];
  const head = ['TENANT', 'STATE', 'PLAN', 'CREATED', ...whole, ...(isApart ? ['NODES'] : [])];
  return linesOf([head, ...tenants.map(cellsOf)]);
}

function cellsOf({ id, state, plan, created_at, usage, dedicated }: TenantBody): string[] {
  const has = usage === undefined ? [] : [String(usage.products), sizeText(usage.bytes)];
  const apart = dedicated === undefined ? [] : [nodesText(dedicated)];
  return [id, state, plan ?? '', created_at ?? '', ...has, ...apart];
}

function nodesText({ nodes, missing }: NonNullable<TenantBody['dedicated']>): string {
  const lacking = missing === 0 ? [] : [`${missing} missing`];
  return [...(nodes.length === 0 ? ['shared'] : nodes), ...lacking].join(', ');
}
