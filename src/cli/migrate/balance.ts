import { exec } from 'node:child_process';
import { promisify } from 'node:util';
import { haproxyCanary, nginxCanary } from '../../balancer/canary-map.js';
import type { Config } from '../../config/settings.js';
import { print } from '../terminal.js';
import { routedNames, writeMaps } from '../move/route-tenants.js';
import type { Installation } from './installation.js';
import type { Weights } from './steps.js';

const RELOAD_LIMIT_MS = 30_000;

type BalanceConfig = Pick<Config, 'out' | 'mapFor' | 'reload'>;

/**
 * Has the balancer share requests between the installation and that at `url`; without `--out` it says what somebody
 * else has to see to. The map is that of the old store at all steps. Rejects `MoveError` where it is another's.
 */
export async function balance(
  { out, mapFor, reload }: BalanceConfig,
  from: Installation,
  url: string,
  { readers, writers }: Weights,
): Promise<void> {
  if (out === undefined) {
    print(`the balancer is to send ${readers} % of reads and ${writers} % of writes to ${url}`);
    return;
  }
  const names = await routedNames(from);
  const canary = { url, readers, writers };
  const files: [string, string][] =
    mapFor === 'haproxy' ? haproxyCanary(names, canary) : [['', nginxCanary(names, canary)]];
  await writeMaps(out, await from.store(), files);
  await promisify(exec)(reload, { timeout: RELOAD_LIMIT_MS });
  print(`the balancer sends ${readers} % of reads and ${writers} % of writes to ${url}`);
}
