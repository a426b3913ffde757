import type { RolledBack } from '../../backup/rollback.js';
import { Transport } from '../../client/transport.js';
import type { Config } from '../../config/settings.js';
import { complain, print, WRONG_USAGE } from '../terminal.js';
import { complaining } from './backup-options.js';

const USAGE = 'usage: omnisearch rollback --tenant NAME --to TIME [--preview]';
/** A catalogue is written anew at worst. */
const PATIENCE_MS = 600_000;

type RollbackConfig = Pick<Config, 'url' | 'adminKey' | 'tenant' | 'to' | 'preview' | 'json'>;

/** `omnisearch rollback`. Resolves with the exit code: 0; 1 when it could not; 2 for wrong usage. */
export async function runRollback(
  config: RollbackConfig,
  words: readonly string[],
): Promise<number> {
  const { tenant, to } = config;
  if (words.length > 0 || tenant === undefined || to === undefined) {
    return complain(WRONG_USAGE, USAGE);
  }
  return complaining(() => rollback(config, tenant, to));
}

async function rollback(
  { url, adminKey, preview, json }: RollbackConfig,
  tenant: string,
  to: string,
): Promise<number> {
  const times = { timeoutMs: PATIENCE_MS, attemptTimeoutMs: PATIENCE_MS };
  const transport = new Transport({ addresses: [url], apiKey: adminKey, ...times });
  const body = { json: { tenant, to, preview } };
  const call = { method: 'POST', path: 'admin/rollback', body, twice: 'nothing' } as const;
  const done = (await transport.call(call)) as RolledBack;
  if (json) print(JSON.stringify(done));
  else for (const line of linesOf(done, preview)) print(line);
  return 0;
}

function linesOf({ changed, restored, removed, first }: RolledBack, preview: boolean): string[] {
  const would = preview ? 'would be ' : '';
  const named = (ids: readonly string[]): string =>
    ids.length === 0 ? '' : `: ${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ', …' : ''}`;
  return [
    `${changed} ${would}as they were${named(first.changed)}`,
    `${restored} ${would}back${named(first.restored)}`,
    `${removed} ${would}gone, which came since${named(first.removed)}`,
  ];
}
