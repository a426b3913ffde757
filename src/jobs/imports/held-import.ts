import { OmniError } from '../../core/errors.js';
import type { ImportRecord } from './import-record.js';
import type { ImportStore, StoredImport } from './import-store.js';

const ATTEMPTS = 10;
/** How often a worker looks whether its import is to end. */
const LOOK_MS = 500;

/**
 * An import as the worker has it that works on it. Whoever takes it over writes its own name into the record: from then
 * on nothing more is kept by the one before.
 */
export class HeldImport {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  /** Aborted when the import is to be cancelled, or is another worker's by now. */
  readonly ending: AbortSignal = this.controller.signal;

  private constructor(
    private readonly imports: ImportStore,
    readonly tenant: string,
    private stored: StoredImport,
    private readonly worker: string,
  ) {
    this.timer = setInterval(() => {
      // The store cannot be reached: it is looked at again.
      this.look().catch(() => undefined);
    }, LOOK_MS);
  }

  /** Undefined where it has ended, or is gone. */
  static async take(
    imports: ImportStore,
    { tenant, id, number }: { tenant: string; id: string; number: number },
    worker: string,
  ): Promise<HeldImport | undefined> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const found = await imports.find(tenant, id);
      if (found?.record.endedAt !== null) return undefined;
      const startedAt = found.record.startedAt ?? new Date().toISOString();
      const record: ImportRecord = { ...found.record, state: 'running', number, worker, startedAt };
      if (!(await imports.put(tenant, { ...found, record }))) continue;
      const held = new HeldImport(
        imports,
        tenant,
        { ...found, record, revision: found.revision + 1 },
        worker,
      );
      if (record.isCancelling) held.controller.abort(cancelled());
      return held;
    }
    throw new OmniError('unavailable', 'the import kept changing');
  }

  get id(): string {
    return this.stored.id;
  }

  get record(): ImportRecord {
    return this.stored.record;
  }

  get isCancelled(): boolean {
    return this.stored.record.isCancelling;
  }

  /** Keeps a change of it. Rejects where it is another worker's by now, or gone. */
  async save(change: (record: ImportRecord) => ImportRecord): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const record = change(this.stored.record);
      if (await this.imports.put(this.tenant, { ...this.stored, record })) {
        this.stored = { ...this.stored, record, revision: this.stored.revision + 1 };
        return;
      }
      await this.look();
      this.throwIfLost();
    }
    throw new OmniError('unavailable', 'the import kept changing');
  }

  release(): void {
    clearInterval(this.timer);
  }

  /** What others have made of it: only that it is to end, as long as it is held. */
  private async look(): Promise<void> {
    const before = this.stored.revision;
    const found = await this.imports.find(this.tenant, this.id);
    if (found?.record.worker === this.worker) {
      // An answer that was overtaken by a save of ours says nothing.
      if (before === this.stored.revision) this.stored = found;
      if (found.record.isCancelling) this.controller.abort(cancelled());
    } else this.controller.abort(lost());
  }

  private throwIfLost(): void {
    if (this.ending.aborted && !this.isCancelled) throw lost();
  }
}

function cancelled(): OmniError {
  return new OmniError('conflict', 'the import is cancelled');
}

function lost(): OmniError {
  return new OmniError('unavailable', 'the import is worked on elsewhere by now, or gone');
}
