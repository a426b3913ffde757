import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ColumnReport } from '../../catalogue-files/column-report.js';
import { readCatalogue } from '../../catalogue-files/read-catalogue.js';
import type { ImportStatus } from '../../client/imports.js';
import type { Config } from '../../config/settings.js';
import { DAY_MS } from '../../core/days.js';
import { OmniError } from '../../core/errors.js';
import { problemIn } from '../api-problem.js';
import { ImportClient } from '../import-client.js';
import { complain } from '../terminal.js';
import type { IndexConfig } from './catalogue-indexer.js';
import { columnLines } from './column-lines.js';

const COULD_NOT_FINISH = 1;
const ROWS_REJECTED = 3;
const CHUNK_CHARACTERS = 64 * 1024;

export type ImportConfig = IndexConfig &
  Pick<Config, 'background' | 'prune' | 'confirmPrune' | 'dryRun' | 'rejects'>;

/**
 * Sends files as one import, which the server writes; with `--background` that is all, else its end is waited for. Exit
 * codes are those of `index`, and 1 where much would be deleted and nobody said that it may.
 */
export async function importFiles(config: ImportConfig, files: readonly string[]): Promise<number> {
  const client = new ImportClient(config);
  try {
    const id = await client.startFeed(bytesOf(rowsOf(config, files)), {
      headers: { 'content-type': 'application/x-ndjson' },
      query: { prune: config.prune, dry_run: config.dryRun },
      signal: AbortSignal.timeout(DAY_MS),
    });
    process.stdout.write(`import ${id} is queued\n`);
    if (config.background) return 0;
    let shown = await client.ended(id, undefined, tellProgress);
    if (shown.state === 'waiting_for_confirmation' && config.confirmPrune) {
      await client.confirm(id);
      shown = await client.ended(id, undefined, tellProgress);
    }
    if (config.rejects !== undefined) await saveRejected(client, id, config.rejects);
    return tell(shown, config.dryRun);
  } catch (error) {
    return complain(COULD_NOT_FINISH, problemIn(error));
  }
}

/** Rows on the lines that they have in their file, as far as there is one file. */
async function* rowsOf(config: ImportConfig, files: readonly string[]): AsyncGenerator<string> {
  let line = 1;
  for (const path of files) {
    const onColumns = (report: ColumnReport): void => {
      for (const text of columnLines(path, report)) process.stderr.write(`${text}\n`);
    };
    const { format, map, locale } = config;
    const base = line - 1;
    for await (const item of readCatalogue({ path, format, map, locale, onColumns })) {
      const text = 'text' in item ? item.text : unreadable(config, path, item);
      if (text === undefined) continue;
      const blank = Math.max(0, base + item.line - line);
      line += blank + 1;
      yield `${'\n'.repeat(blank)}${text}\n`;
    }
  }
}

/** What the server is sent of a row that cannot be read: its id, so that it rejects it, and its product stays. */
function unreadable(
  { prune }: ImportConfig,
  path: string,
  { line, id, message }: { line: number; id?: string; message: string },
): string | undefined {
  const what = `${path}, line ${line}: ${message}`;
  process.stderr.write(`rejected: ${what}\n`);
  if (id !== undefined) return JSON.stringify({ id });
  if (!prune) return undefined;
  const why = 'nothing was sent, since --prune would delete the product of that row';
  throw new OmniError('invalid_field', `${what}; ${why}`);
}

async function* bytesOf(rows: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  let text = '';
  for await (const row of rows) {
    text += row;
    if (text.length < CHUNK_CHARACTERS) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(text);
}

function tellProgress(shown: ImportStatus): void {
  const { rows, rows_total: total, rows_per_s: rate, seconds_left: left, state } = shown;
  const pace = rate === null ? '' : `, ${Math.round(rate)} rows/s, ${left ?? 0} s left`;
  process.stderr.write(`${state}: ${rows} of ${total ?? '?'} rows${pace}\n`);
}

function tell(shown: ImportStatus, isDryRun: boolean): number {
  const { id, state, rows, accepted, unchanged, stale, rejected_count: rejected } = shown;
  const { pruned, to_prune: toPrune, error } = shown;
  if (isDryRun && state === 'done') {
    const { added = 0, changed = 0, deleted = 0 } = shown;
    process.stdout.write(
      `dry run, nothing was written: ${added} would be added, ${changed} changed, ` +
        `${deleted + (toPrune ?? 0)} removed, ${rejected} rejected\n`,
    );
    return rejected > 0 ? ROWS_REJECTED : 0;
  }
  const counts = `${accepted} accepted (${unchanged} unchanged, ${stale} stale), ${rejected} rejected`;
  process.stdout.write(`${rows} rows: ${counts}, ${pruned} pruned\n`);
  if (state === 'waiting_for_confirmation') {
    const message = `${toPrune ?? 0} products would be deleted: --confirm-prune, or POST /imports/${id}/confirm`;
    return complain(COULD_NOT_FINISH, message);
  }
  if (state !== 'done') {
    return complain(COULD_NOT_FINISH, `the import is ${state}: ${error?.message ?? 'by somebody'}`);
  }
  return rejected > 0 ? ROWS_REJECTED : 0;
}

async function saveRejected(client: ImportClient, id: string, path: string): Promise<void> {
  const body = await client.rejected(id);
  if (body === null) return;
  await pipeline(Readable.from(body as AsyncIterable<Uint8Array>), createWriteStream(path));
}
