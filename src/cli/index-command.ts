import type { ColumnReport } from '../catalogue-files/column-report.js';
import { knowsLocale } from '../catalogue-files/local-numbers.js';
import { OmniSearch } from '../client/omnisearch.js';
import { PATIENTLY, problemIn } from './api-problem.js';
import { sendingTo, waitUntilSearchable } from './index/batch-sender.js';
import { CatalogueIndexer } from './index/catalogue-indexer.js';
import { columnLines } from './index/column-lines.js';
import { importFiles, type ImportConfig } from './index/import-files.js';
import { checkOnly } from './index/dry-run.js';
import { IndexProgress, type FileBytes, type IndexCounts } from './index/index-progress.js';
import { RejectedRows } from './index/rejected-rows.js';
import { complain, WRONG_USAGE } from './terminal.js';

const COULD_NOT_FINISH = 1;
const ROWS_REJECTED = 3;

/**
 * `omnisearch index FILE…`: sends catalogue files in order, or only checks them (`--dry-run`). Resolves with the exit code: 1 when it could not
 * finish, else 3 when any row was rejected, else 0; 2 for wrong usage.
 */
export async function runIndex(config: ImportConfig, files: readonly string[]): Promise<number> {
  if (files.length === 0)
    return complain(WRONG_USAGE, 'index needs a file, or - for standard input');
  if (config.resume && files.includes('-')) {
    return complain(WRONG_USAGE, '--resume needs a file: standard input cannot be read again');
  }
  if (!knowsLocale(config.locale)) {
    return complain(
      WRONG_USAGE,
      `--locale must be a language such as de or en-GB, got ${config.locale}`,
    );
  }
  const { url, tenant, apiKey, dryRun } = config;
  if (config.background || config.prune) return importFiles(config, files);
  const client = new OmniSearch({ addresses: [url], tenant, apiKey, ...PATIENTLY });
  const counts: IndexCounts = { rows: 0, accepted: 0, unchanged: 0, stale: 0, rejected: 0 };
  const bytes: FileBytes = { read: 0, total: 0 };
  const progress = new IndexProgress(counts, () => bytes);
  let rejects: RejectedRows | undefined;
  try {
    rejects = await RejectedRows.open(config.rejects, config.resume);
    const exchange = dryRun ? checkOnly : sendingTo(client);
    const onColumns = (file: string, report: ColumnReport): void =>
      progress.say(columnLines(file, report));
    const indexer = new CatalogueIndexer({ config, exchange, counts, bytes, rejects, onColumns });
    await indexer.index(files);
    // Where nothing was taken there is nothing to wait for, and perhaps no such tenant.
    const waits = config.wait && !dryRun && counts.accepted > 0;
    const lagging = waits ? await waitUntilSearchable(client, config.waitTimeoutMs) : [];
    progress.stop();
    process.stdout.write(`${progress.summary(dryRun)}\n`);
    tellRejected(rejects);
    if (lagging.length > 0) {
      return complain(COULD_NOT_FINISH, `not searchable yet on ${lagging.join(', ')}`);
    }
    return counts.rejected > 0 ? ROWS_REJECTED : 0;
  } catch (error) {
    progress.stop();
    process.stderr.write(`${progress.summary(dryRun)}\n`);
    tellRejected(rejects);
    return complain(COULD_NOT_FINISH, problemIn(error));
  } finally {
    await rejects?.close();
  }
}

function tellRejected(rejects: RejectedRows | undefined): void {
  for (const line of rejects?.summary() ?? []) process.stderr.write(`rejected: ${line}\n`);
}
