import { createReadStream } from 'node:fs';
import { OmniSearchError } from '../client/errors.js';
import type { ImportStatus } from '../client/imports.js';
import type { Config } from '../config/settings.js';
import { OmniError, reasonOf } from '../core/errors.js';
import { problemOf } from './api-problem.js';
import { ImportClient, type ImportTarget } from './import-client.js';
import { Schedule } from './sync/schedule.js';
import { WatchedFolder } from './sync/watched-folder.js';
import { complain, print, WRONG_USAGE } from './terminal.js';

const COULD_NOT_FINISH = 1;
const ROWS_REJECTED = 3;
const LOOK_EVERY_MS = 2_000;
/** A file goes into the spool of the server, at the pace of its disk. */
const UPLOAD_LIMIT_MS = 3_600_000;
const USAGE =
  'usage: omnisearch sync SOURCE_URL [--schedule CRON] [--prune] [--map OURS=THEIRS], or sync --watch DIR [--prune]';

type SyncConfig = ImportTarget & Pick<Config, 'map' | 'prune' | 'schedule' | 'timeZone' | 'watch'>;

/**
 * `omnisearch sync SOURCE_URL`: has the server import a feed, now or, with `--schedule`, again and again; `sync --watch DIR`: imports
 * each file that appears or changes there. What goes on ends with the signal, and no failure of one import ends it. Resolves
 * with the exit code as `index` does.
 */
export async function runSync(
  config: SyncConfig,
  sources: readonly string[],
  signal: AbortSignal,
  lookEveryMs = LOOK_EVERY_MS,
): Promise<number> {
  const { schedule: pattern, timeZone, watch, map, prune } = config;
  const [source] = sources;
  const isFolder = sources.length === 0 && !pattern && map.length === 0;
  const isOne = watch === undefined ? sources.length === 1 : isFolder;
  if (!isOne) return complain(WRONG_USAGE, USAGE);
  const client = new ImportClient(config);
  if (watch !== undefined) {
    const target = `${config.url} ${config.tenant ?? ''}`;
    const complainOf = (problem: unknown): void =>
      void complain(COULD_NOT_FINISH, `${watch}: ${reasonOf(problem)}`);
    const folder = new WatchedFolder(watch, lookEveryMs, target, complainOf);
    return goesOn(signal, () => watchFolder(client, folder, prune, signal));
  }
  const columns = map.length === 0 ? {} : { map: Object.fromEntries(map) };
  const feed = { url: source ?? '', prune, ...columns };
  const start = (): Promise<string> => client.startUrl(feed, signal);
  if (pattern === undefined) return importOnce(client, start, signal);
  let schedule: Schedule;
  try {
    schedule = new Schedule(pattern, timeZone);
  } catch (error) {
    return complain(WRONG_USAGE, `--schedule cannot be read: ${reasonOf(error)}`);
  }
  return goesOn(signal, async () => {
    for (let at = schedule.next(); at !== undefined; at = schedule.next()) {
      print(`next: ${at.toISOString()}`);
      await schedule.until(at, signal);
      await importOnce(client, start, signal);
    }
  });
}

async function watchFolder(
  client: ImportClient,
  folder: WatchedFolder,
  prune: boolean,
  signal: AbortSignal,
): Promise<void> {
  for await (const file of folder.files(signal)) {
    print(`${file.path}:`);
    const start = async (): Promise<string> => {
      try {
        const id = await client.startFeed(createReadStream(file.path), {
          ...{ headers: file.headers, query: { prune } },
          signal: AbortSignal.any([signal, AbortSignal.timeout(UPLOAD_LIMIT_MS)]),
        });
        await folder.done(file);
        return id;
      } catch (error) {
        const isFinal = error instanceof OmniError && error.code === 'invalid_field';
        if (isFinal) await folder.done(file);
        throw error;
      }
    };
    await importOnce(client, start, signal);
  }
}

/** Until the signal, which is a clean end. */
async function goesOn(signal: AbortSignal, work: () => Promise<void>): Promise<number> {
  try {
    await work();
    return 0;
  } catch (error) {
    return signal.aborted ? 0 : complain(COULD_NOT_FINISH, reasonOf(error));
  }
}

/** One import from its start to its end, told in a line. Rejects only with the signal's reason. */
async function importOnce(
  client: ImportClient,
  start: () => Promise<string>,
  signal: AbortSignal,
): Promise<number> {
  try {
    return tell(await client.ended(await start(), signal));
  } catch (error) {
    signal.throwIfAborted();
    const problem = error instanceof OmniSearchError ? problemOf(error) : reasonOf(error);
    return complain(COULD_NOT_FINISH, problem);
  }
}

function tell(ended: ImportStatus): number {
  const { id, state, rows, accepted, unchanged, rejected_count: rejected } = ended;
  const stale = ended.stale ? `, ${ended.stale} stale` : '';
  const pruned = ended.pruned ? `, ${ended.pruned} removed` : '';
  print(
    `import ${id} ${state}: ${rows} rows, ${accepted} accepted, ${unchanged} unchanged${stale}, ${rejected} rejected${pruned}`,
  );
  if (state === 'waiting_for_confirmation') {
    const wants = `it would remove ${String(ended.to_prune)} products`;
    return complain(COULD_NOT_FINISH, `${wants}: POST /imports/${id}/confirm does`);
  }
  if (state !== 'done') return complain(COULD_NOT_FINISH, ended.error?.message ?? `it is ${state}`);
  return rejected > 0 ? ROWS_REJECTED : 0;
}
