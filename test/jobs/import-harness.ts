import { RemoteHosts } from '../../src/jobs/remote-hosts.js';
import { Readable } from 'node:stream';
import type { CatalogueFormat } from '../../src/catalogue-files/catalogue-format.js';
import type { OpenUrl } from '../../src/jobs/imports/fetch-feed.js';
import { cleanImports } from '../../src/jobs/imports/clean-imports.js';
import { IMPORT, ImportDesk } from '../../src/jobs/imports/import-desk.js';
import type { ImportOptions, ImportRecord } from '../../src/jobs/imports/import-record.js';
import { changeQueue, readQueue, type ImportQueue } from '../../src/jobs/imports/import-queue.js';
import { ImportStore } from '../../src/jobs/imports/import-store.js';
import { runImports } from '../../src/jobs/imports/run-imports.js';
import type { JobQueue } from '../../src/jobs/job-queue.js';
import { JobRunner } from '../../src/jobs/job-runner.js';
import type { JobKind, JobWork } from '../../src/jobs/job.js';
import type { IngestHarness } from '../ingest/harness.js';

export interface ImportHarness {
  desk: ImportDesk;
  imports: ImportStore;
  runner: JobRunner;
  /** The clean-up of imports, once. */
  clean(): Promise<void>;
  /** Works on what there is until nothing is left to do. */
  work(): Promise<void>;
  /** Works on the next import of a tenant alone. */
  workOnNext(tenant: string): Promise<void>;
  /** Takes rows as NDJSON, and resolves with the import's id. */
  take(rows: readonly unknown[], options?: Partial<ImportOptions>): Promise<string>;
  takeText(
    text: string,
    format: CatalogueFormat,
    options?: Partial<ImportOptions>,
  ): Promise<string>;
  /** Takes rows, works until nothing is left, and resolves with what became of it. */
  run(rows: readonly unknown[], options?: Partial<ImportOptions>): Promise<ImportRecord>;
}

export interface ImportHarnessOptions {
  openUrl?: OpenUrl;
  importSpoolBytes?: number;
  importAttempts?: number;
  importTimeoutMs?: number;
  importRetentionMs?: number;
  pruneConfirmShare?: number;
  tenant?: string;
  /** What wakes the runner once it is started. */
  queue?: JobQueue;
  now?: () => number;
}

const PLAIN: ImportOptions = { action: 'upsert', prune: false, dryRun: false };

/** Imports over a node that writes, worked on when a test says so. */
export function openImports(
  node: Pick<IngestHarness, 'store' | 'ingest' | 'directory' | 'deps'>,
  options: ImportHarnessOptions = {},
): ImportHarness {
  const { store, ingest, directory } = node;
  const { logger } = node.deps;
  const {
    openUrl,
    importSpoolBytes = 1e9,
    importAttempts = 3,
    importTimeoutMs = 1e9,
    importRetentionMs = 1e9,
    pruneConfirmShare = 0.2,
    tenant = 'default',
    queue,
    now,
  } = options;
  const imports = new ImportStore(store.records, store.spool);
  const maxProductBytes = 1024 * 1024;
  const own = { importAttempts, importTimeoutMs, importSpoolBytes, pruneConfirmShare };
  const kind = runImports({
    ...{ imports, store, ingest, openUrl: openUrl ?? nothing, maxProductBytes, logger, ...own },
  });
  const kinds = new Map<string, JobKind>([[IMPORT, kind]]);
  const runner = new JobRunner({
    ...{ records: store.records, kinds, logger, ofCatalogues: 4, queue },
    ...(now === undefined ? {} : { now }),
  });
  const desk = new ImportDesk({
    ...{ store, tenants: directory, jobs: runner, maxProductBytes, importSpoolBytes },
    hosts: new RemoteHosts(openUrl === undefined ? undefined : '*'),
  });
  const work = async (): Promise<void> => {
    for (;;) {
      await runner.tick();
      await runner.settled();
      const jobs = await store.records.list('job', undefined, 100);
      const due = jobs.filter(({ value }) => value['kind'] === IMPORT && value['due_ms'] === 0);
      if (due.length === 0) return;
    }
  };
  const takeText: ImportHarness['takeText'] = (text, format, asked = {}) => {
    const chunks = chunksOf(text);
    return desk.take(tenant, { format, chunks }, { ...PLAIN, ...asked }, null);
  };
  const take: ImportHarness['take'] = (rows, asked) =>
    takeText(rows.map((row) => `${JSON.stringify(row)}\n`).join(''), 'ndjson', asked);
  const workOnNext = async (name: string): Promise<void> => {
    const waiting = (await readQueue(store.records, name)).waiting.slice(1);
    // Those behind it come back once it has ended.
    const without = (queue: ImportQueue): ImportQueue => ({
      ...queue,
      waiting: queue.waiting.slice(0, 1),
    });
    if (waiting.length > 0) await changeQueue(store.records, name, without);
    await kind.run({
      ...{ key: name, checkpoint: null, signal: new AbortController().signal },
      ...{ save: async () => undefined, comeBack: () => undefined, count: () => undefined },
    });
    if (waiting.length === 0) return;
    await changeQueue(store.records, name, (queue) => ({ ...queue, waiting }));
  };
  const cleaner = cleanImports({
    ...{ imports, store, importRetentionMs },
    request: (name, priority) => runner.request(IMPORT, name, 0, priority),
  });
  return {
    ...{ desk, imports, runner, work, workOnNext, take, takeText },
    clean: () => cleaner.run({ signal: new AbortController().signal } as JobWork),
    run: async (rows, asked) => {
      const id = await take(rows, asked);
      await work();
      return desk.get(tenant, id);
    },
  };
}

/** As a request's body comes, in pieces that end anywhere. */
export function chunksOf(text: string | Buffer): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text as string);
  const pieces = Array.from({ length: Math.ceil(bytes.length / 1_000) }, (_, i) =>
    bytes.subarray(1_000 * i, 1_000 * (i + 1)),
  );
  return Readable.from(pieces)[Symbol.asyncIterator]() as AsyncGenerator<Uint8Array>;
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // Its desk takes no URL.
}
