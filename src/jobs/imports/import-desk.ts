import { randomBytes } from 'node:crypto';
import { catalogueFormat, type CatalogueFormat } from '../../catalogue-files/catalogue-format.js';
import { FieldMap } from '../../catalogue-files/field-map.js';
import { unpackBytes } from '../../catalogue-files/file-bytes.js';
import { itemsOf } from '../../catalogue-files/read-catalogue.js';
import { OmniError } from '../../core/errors.js';
import type { RemoteHosts } from '../remote-hosts.js';
import type { Store } from '../../store/store.js';
import type { JobRunner } from '../job-runner.js';
import { wholeFeed } from './whole-feed.js';
import {
  changeQueue,
  confirmed,
  enqueued,
  priorityOf,
  readQueue,
  without,
  type ImportQueue,
} from './import-queue.js';
import {
  ended,
  hasEnded,
  newImport,
  type ImportOptions,
  type ImportRecord,
  type ImportSource,
} from './import-record.js';
import { ImportStore, spoolOf } from './import-store.js';
import { spoolRows } from './spool-rows.js';

/** The kind of the jobs that work on imports: one for each tenant that has any. */
export const IMPORT = 'import';
/** More rows make a large import: a full feed, say. */
const LARGE_ROWS = 1_000;
/** A cancel or a confirmation waits for so long for whoever works on the import. */
const PATIENCE_MS = 2_000;
const LOOK_EVERY_MS = 50;
/** Ids begin with the time left until then, so that the newest is listed first. */
const LAST_MS = 9_999_999_999_999;

/** A feed as it comes with a request. */
export interface Feed {
  /** Undefined: by its beginning. */
  format: CatalogueFormat | undefined;
  chunks: AsyncGenerator<Uint8Array>;
}

export interface ImportDeskDeps {
  store: Pick<Store, 'records' | 'spool' | 'head'>;
  tenants: { admit(tenant: string): Promise<void> };
  jobs: Pick<JobRunner, 'request'>;
  maxProductBytes: number;
  /** What all imports of a tenant may have in the spool. */
  importSpoolBytes: number;
  /** From where feeds may be fetched. */
  hosts: Pick<RemoteHosts, 'parse'>;
}

/** Imports as callers see them: taken, looked at, confirmed, cancelled and tried again. */
export class ImportDesk {
  private readonly imports: ImportStore;

  constructor(private readonly deps: ImportDeskDeps) {
    this.imports = new ImportStore(deps.store.records, deps.store.spool);
  }

  /**
   * Takes a whole feed into the spool and puts its import in the queue; resolves with its id once both are durable.
   * Rejects, with nothing kept, where it breaks off or is not of its format, `too_large`, `overloaded`.
   */
  async take(
    tenant: string,
    { format, chunks }: Feed,
    options: ImportOptions,
    by: string | null,
  ): Promise<string> {
    await this.deps.tenants.admit(tenant);
    const { spooledBytes } = await readQueue(this.deps.store.records, tenant);
    const id = newId();
    try {
      const bytes = await unpackBytes('the body', chunks);
      const whole = wholeFeed(bytes, options.prune);
      const kind = format ?? catalogueFormat('', bytes.head);
      const { maxProductBytes: maxRowBytes } = this.deps;
      const items = itemsOf(kind, { ...bytes, chunks: whole.chunks }, new FieldMap([]), {
        maxRowBytes,
      });
      const at = spoolOf(tenant, id, 'rows');
      const admit = (own: number): void => this.admitBytes(own, spooledBytes);
      const spooled = await spoolRows(this.deps.store.spool, at, whole.items(items), admit);
      if (spooled.rows === 0) throw new OmniError('invalid_json', 'the body holds no rows');
      return await this.enqueue(tenant, id, options, { source: null, spooled, by });
    } catch (error) {
      // What cannot be removed now is found by the clean-up.
      await this.imports.empty(tenant, id, ['rows']).catch(() => undefined);
      throw isGarbled(error) ? new OmniError('invalid_json', 'the body is not whole gzip') : error;
    }
  }

  /** Puts the import of a feed in the queue that is fetched when it is its turn. Rejects `invalid_field`. */
  async takeUrl(
    tenant: string,
    source: ImportSource,
    options: ImportOptions,
    by: string | null,
  ): Promise<string> {
    this.deps.hosts.parse(source.url);
    await this.deps.tenants.admit(tenant);
    return this.enqueue(tenant, newId(), options, { source, spooled: null, by });
  }

  get(tenant: string, id: string): Promise<ImportRecord> {
    return this.imports.get(tenant, id).then(({ record }) => record);
  }

  /** The newest first, after the one called `after`. */
  async list(
    tenant: string,
    after: string | undefined,
    limit: number,
  ): Promise<{ id: string; record: ImportRecord }[]> {
    return this.imports.list(tenant, after, limit);
  }

  /** The rows that were rejected so far, as NDJSON, some at a time. */
  async *rejected(tenant: string, id: string): AsyncGenerator<Buffer> {
    const { record } = await this.imports.get(tenant, id);
    for (let chunk = 0; chunk < record.progress.rejectedChunks; chunk++) {
      const bytes = await this.deps.store.spool.get(spoolOf(tenant, id, 'rejected'), chunk);
      if (bytes !== undefined) yield bytes;
    }
  }

  /** Prunes as much as it found. Rejects `not_found`, and `conflict` for one that does not wait for that. */
  async confirm(tenant: string, id: string): Promise<ImportRecord> {
    const { records } = this.deps.store;
    const check = ({ unconfirmed }: ImportQueue): void => {
      if (unconfirmed?.id !== id) throw notNow(id, 'waits for no confirmation');
    };
    check(await this.settledQueue(tenant, id));
    // Before it is in the queue: whoever takes it must know.
    const after = await this.imports.change(tenant, id, (record) =>
      hasEnded(record) ? undefined : { ...record, state: 'queued', isConfirmed: true },
    );
    const queue = await changeQueue(records, tenant, (found) => {
      check(found);
      return confirmed(found);
    });
    await this.request(tenant, queue);
    return after;
  }

  /**
   * Ends an import where it is; what was written stays. Resolves with it as it ended, or, where whoever works on it
   * takes longer, as it is. Rejects `not_found`, and `conflict` for one that has ended.
   */
  async cancel(tenant: string, id: string): Promise<ImportRecord> {
    const { records } = this.deps.store;
    const { record } = await this.imports.get(tenant, id);
    if (hasEnded(record)) throw notNow(id, `is ${record.state} already`);
    const queue = await changeQueue(records, tenant, (found) =>
      found.running?.id === id ? undefined : without(found, id),
    );
    const isRunning = queue.running?.id === id;
    const after = await this.imports.change(tenant, id, (found) => {
      if (hasEnded(found)) return undefined;
      return isRunning ? { ...found, isCancelling: true } : ended(found, 'cancelled');
    });
    return isRunning ? this.untilEnded(tenant, id) : after;
  }

  /** Has one that failed or was cancelled go on where it was. Rejects `not_found`, `conflict`. */
  async retry(tenant: string, id: string): Promise<ImportRecord> {
    const { record } = await this.imports.get(tenant, id);
    if (record.state !== 'failed' && record.state !== 'cancelled') {
      throw notNow(id, `is ${record.state}: what failed or was cancelled can be tried again`);
    }
    await this.checkLatest(tenant, id, record);
    const after = await this.imports.change(tenant, id, (found) => ({
      ...found,
      ...{ state: 'queued', isCancelling: false, isConfirmed: false, attempts: 0 },
      ...{ error: null, endedAt: null, counts: found.progress.counts },
    }));
    const { records } = this.deps.store;
    const queue = await changeQueue(records, tenant, (found) => {
      const turn = { id, isLarge: isLarge(after) };
      return enqueued(found, after.number === 0 ? turn : { ...turn, number: after.number });
    });
    await this.request(tenant, queue);
    return after;
  }

  private async enqueue(
    tenant: string,
    id: string,
    options: ImportOptions,
    from: Pick<ImportRecord, 'source' | 'spooled' | 'by'>,
  ): Promise<string> {
    const { records } = this.deps.store;
    const asOf = Buffer.from(await this.deps.store.head(tenant)).toString('hex');
    const record = newImport(options, { asOf, ...from });
    await this.imports.put(tenant, { id, record, revision: 0 });
    const bytes = from.spooled?.bytes ?? 0;
    const queue = await changeQueue(records, tenant, (found) => ({
      ...enqueued(found, { id, isLarge: isLarge(record) }),
      spooledBytes: found.spooledBytes + bytes,
    }));
    await this.request(tenant, queue);
    return id;
  }

  /** What a later import found as it had to be would be missing in this feed. */
  private async checkLatest(tenant: string, id: string, record: ImportRecord): Promise<void> {
    const { begun } = await readQueue(this.deps.store.records, tenant);
    if (record.prune && record.number > 0 && begun > record.number) {
      throw notNow(id, 'is older than one that has run since: send its feed again');
    }
  }

  private request(tenant: string, queue: ImportQueue): Promise<void> {
    return this.deps.jobs.request(IMPORT, tenant, 0, priorityOf(queue));
  }

  private admitBytes(own: number, ofOthers: number): void {
    const { importSpoolBytes: most } = this.deps;
    if (own > most) {
      const message = `the imports of a tenant may have ${most} bytes at most (IMPORT_SPOOL_BYTES)`;
      throw new OmniError('too_large', message);
    }
    if (own + ofOthers <= most) return;
    throw new OmniError('overloaded', `imports that wait or failed take ${ofOthers} bytes already`);
  }

  /** The queue, once it knows of an import that its record waits for confirmation: the record comes first. */
  private async settledQueue(tenant: string, id: string): Promise<ImportQueue> {
    for (let waitedMs = 0; ; waitedMs += LOOK_EVERY_MS) {
      const { record } = await this.imports.get(tenant, id);
      const queue = await readQueue(this.deps.store.records, tenant);
      const isKnown = record.state !== 'waiting_for_confirmation' || queue.running?.id !== id;
      if (isKnown || waitedMs >= PATIENCE_MS) return queue;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  private async untilEnded(tenant: string, id: string): Promise<ImportRecord> {
    for (let waitedMs = 0; ; waitedMs += LOOK_EVERY_MS) {
      const { record } = await this.imports.get(tenant, id);
      if (hasEnded(record) || waitedMs >= PATIENCE_MS) return record;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }
}

/** One that is fetched has nobody knows how many rows. */
function isLarge({ spooled }: Pick<ImportRecord, 'spooled'>): boolean {
  return spooled === null || spooled.rows > LARGE_ROWS;
}

function notNow(id: string, why: string): OmniError {
  return new OmniError('conflict', `the import ${id} ${why}`, { field: 'id' });
}

/** Bytes that begin as gzip and do not go on so. */
function isGarbled(error: unknown): boolean {
  const cause = error instanceof OmniError ? (error.cause as NodeJS.ErrnoException) : undefined;
  return typeof cause?.code === 'string' && cause.code.startsWith('Z_');
}

function newId(): string {
  const left = String(LAST_MS - Date.now()).padStart(13, '0');
  return `${left}-${randomBytes(5).toString('hex')}`;
}
