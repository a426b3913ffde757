import { restoreBackup } from '../../backup/restore-backup.js';
import type { Config } from '../../config/settings.js';
import { beNice, NICENESS } from '../../core/niceness.js';
import { complain, print, WRONG_USAGE } from '../terminal.js';
import { complaining, openFor, tellNowAndThen } from './backup-options.js';
import { RestoreClient } from './restore-client.js';

const COULD_NOT = 1;
const TELL_EVERY_MS = 3_000;

/**
 * `omnisearch restore TARGET`: a backup, or a tenant of it, into a server, once all of it was verified. Resolves with
 * the exit code: 0; 1 when it could not, or not all was searchable in time; 2 for wrong usage.
 */
export async function runRestore(config: Config, words: readonly string[]): Promise<number> {
  // It may run beside a shop, whose shoppers come first.
  beNice(NICENESS.backup);
  const [from] = words;
  if (from === undefined || words.length !== 1) {
    return complain(WRONG_USAGE, 'usage: omnisearch restore TARGET');
  }
  return complaining(() => restore(config, from));
}

async function restore(config: Config, from: string): Promise<number> {
  const { target, key } = await openFor(from, config);
  const { tenant, as, replace, resume, wait, backup: name } = config;
  const restored = await restoreBackup(target, new RestoreClient(config), {
    ...{ name, tenant, as, replace, resume, wait, key },
    onProgress: tellNowAndThen(TELL_EVERY_MS),
  });
  const { manifest, tenants, written, deleted, unchanged, lagging } = restored;
  if (config.json) {
    const counts = { written, deleted, unchanged };
    print(JSON.stringify({ name: manifest.name, tenants, ...counts, lagging }));
  } else {
    print(
      `${manifest.name}: ${tenants.length} tenants, ${written} products written, ${unchanged} there already`,
    );
  }
  if (lagging.length === 0) return 0;
  return complain(COULD_NOT, `not searchable yet on ${lagging.join(', ')}: they go on`);
}
