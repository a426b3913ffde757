import { ApiClient, ApiError } from '../client/api-client.js';
import { OmniError } from '../core/errors.js';
import { waitUntilSearchable } from './index/batch-sender.js';
import { CatalogueIndexer, type IndexConfig } from './index/catalogue-indexer.js';
import { IndexProgress, type FileBytes, type IndexCounts } from './index/index-progress.js';
import { RejectedRows } from './index/rejected-rows.js';
import { complain, WRONG_USAGE } from './terminal.js';

const COULD_NOT_FINISH = 1;
const ROWS_REJECTED = 3;

/**
 * `omnisearch index FILE…`: sends catalogue files in order. Resolves with the exit code: 1 when it could not
 * finish, else 3 when any row was rejected, else 0; 2 for wrong usage.
 */
export async function runIndex(config: IndexConfig, files: readonly string[]): Promise<number> {
  if (files.length === 0)
    return complain(WRONG_USAGE, 'index needs a file, or - for standard input');
  if (config.resume && files.includes('-')) {
    return complain(WRONG_USAGE, '--resume needs a file: standard input cannot be read again');
  }
  const { url, tenant, apiKey } = config;
  const client = new ApiClient({ url, tenant, apiKey });
  const counts: IndexCounts = { rows: 0, accepted: 0, unchanged: 0, stale: 0, rejected: 0 };
  const bytes: FileBytes = { read: 0, total: 0 };
  const progress = new IndexProgress(counts, () => bytes);
  let rejects: RejectedRows | undefined;
  try {
    rejects = await RejectedRows.open(config.rejects, config.resume);
    const indexer = new CatalogueIndexer({ config, client, counts, bytes, rejects });
    await indexer.index(files);
    // Where nothing was taken there is nothing to wait for, and perhaps no such tenant.
    const waits = config.wait && counts.accepted > 0;
    const lagging = waits ? await waitUntilSearchable(client, config.waitTimeoutMs) : [];
    progress.stop();
    process.stdout.write(`${progress.summary()}\n`);
    tellRejected(rejects);
    if (lagging.length > 0) {
      return complain(COULD_NOT_FINISH, `not searchable yet on ${lagging.join(', ')}`);
    }
    return counts.rejected > 0 ? ROWS_REJECTED : 0;
  } catch (error) {
    progress.stop();
    process.stderr.write(`${progress.summary()}\n`);
    tellRejected(rejects);
    return complain(COULD_NOT_FINISH, problemOf(error));
  } finally {
    await rejects?.close();
  }
}

function tellRejected(rejects: RejectedRows | undefined): void {
  for (const line of rejects?.summary() ?? []) process.stderr.write(`rejected: ${line}\n`);
}

function problemOf(error: unknown): string {
  if (error instanceof OmniError || error instanceof ApiError) return error.message;
  // Files that cannot be opened or written.
  if (error instanceof Error && 'code' in error) return error.message;
  throw error;
}
