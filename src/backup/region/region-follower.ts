import { setTimeout as sleep } from 'node:timers/promises';
import { OmniError, reasonOf } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import type { ModelIdentity } from '../../core/product.js';
import { changeRecord } from '../../store/change-record.js';
import type { Store } from '../../store/store.js';
import type { CopyWriter } from '../copy-writer.js';
import { otherModel, ProductFollower } from './follow-products.js';
import { RecordFollower } from './follow-records.js';
import type { Primary } from './primary.js';
import type { RegionAge } from './region-age.js';
import type { ChangesPosition, ChangesReply } from './region-lines.js';
import { PLACE_KIND } from './region-records.js';

const ID = 'all';
const MAX_ATTEMPTS = 6;
const TENANTS_AT_ONCE = 4;
/** After a failure; twice as long after each further one. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
/** Records are compared once more than they have to be: what nobody told is found then. */
const COMPARE_EVERY_MS = 600_000;

interface Deps {
  store: Store;
  rows: Pick<CopyWriter, 'write'>;
  primary: Pick<Primary, 'changes' | 'records' | 'products'>;
  model: ModelIdentity;
  age: RegionAge;
  /** Between two questions while nothing changes; a quarter of it while something does. */
  pauseMs: number;
  logger: Logger;
  /** Epoch ms. */
  now?: () => number;
}

/** What of a primary this store has. */
interface Place extends ChangesPosition {
  /** Which store the primary has. */
  store: string | undefined;
}

const NOWHERE: Place = { store: undefined, tenants: undefined, records: undefined };

/**
 * Keeps this store a copy of another deployment's: asks what changed, and reads that.
 *
 *   ask what changed ──> records ──> products, tenant by tenant ──> note the place ──> pause ──> ask
 *        │ fails anywhere: serve what is here, a longer pause, and on from the last place
 */
export class RegionFollower {
  /** Why the latest attempt failed; undefined: it did not. */
  problem: string | undefined;
  private readonly records: RecordFollower;
  private readonly products: ProductFollower;
  private readonly closing = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private comparedMs = -Infinity;

  constructor(private readonly deps: Deps) {
    const { store, primary, rows, model } = deps;
    this.records = new RecordFollower(store.records, primary);
    this.products = new ProductFollower({ store, rows, primary, model });
  }

  start(): void {
    this.running = this.run();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
  }

  /** Once over all that changed, if anything did: rejects where some of it could not be had. */
  async catchUp(): Promise<boolean> {
    let isChanged = false;
    let problem: string | undefined;
    const { deps } = this;
    const { signal } = this.closing;
    const now = deps.now ?? Date.now;
    let place = await this.place();
    let { tenants } = place;
    for (let atEnd = false; !atEnd;) {
      const askedMs = now();
      const reply = await deps.primary.changes(place, signal);
      this.checkModel(reply);
      const { store, records_position: records } = reply;
      if (place.store !== undefined && place.store !== store) {
        // Another store, as after a restore: nothing is known of what is here.
        await this.products.forget();
        await this.note(NOWHERE);
        [place, tenants, problem] = [NOWHERE, undefined, undefined];
        continue;
      }
      isChanged ||= reply.tenants.length + reply.records.length > 0;
      await this.takeRecords(reply, now());
      const found = await this.follow(reply.tenants);
      problem ??= found;
      // Those of which something is damaged are to be told again.
      if (problem === undefined) tenants = reply.tenants_position;
      await this.note({ store, tenants, records });
      place = { store, tenants: reply.tenants_position, records };
      atEnd = reply.at_end;
      if (atEnd && problem === undefined) deps.age.caughtUp(askedMs);
    }
    if (problem !== undefined) throw new OmniError('unavailable', problem);
    return isChanged;
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    const { logger, pauseMs } = this.deps;
    const isOver = (): boolean => signal.aborted;
    for (let failed = 0; !isOver();) {
      let waitMs = pauseMs;
      try {
        if (await this.catchUp()) waitMs /= 4;
        if (this.problem !== undefined) logger.info('the region follows its primary again');
        [this.problem, failed] = [undefined, 0];
      } catch (error) {
        if (isOver()) return;
        const reason = reasonOf(error);
        if (this.problem !== reason) logger.warn({ reason }, 'the region can not follow');
        this.problem = reason;
        waitMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failed, 10));
        failed += 1;
      }
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }

  private checkModel({ model }: ChangesReply): void {
    const own = this.deps.model.fingerprint;
    if (model !== null && model.fingerprint !== own) throw otherModel(own);
  }

  private async takeRecords(reply: ChangesReply, nowMs: number): Promise<void> {
    await this.records.apply(reply.records);
    const isDue = nowMs - this.comparedMs >= COMPARE_EVERY_MS;
    if (!reply.records_expired && !isDue) return;
    await this.records.compare(this.closing.signal);
    await this.products.dropOthers(this.closing.signal);
    this.comparedMs = nowMs;
  }

  /**
   * One that fails does not keep the others back; then it rejects.
   * @returns what can not be had of one of them
   */
  private async follow(tenants: readonly string[]): Promise<string | undefined> {
    const { signal } = this.closing;
    const left = [...tenants];
    const errors: unknown[] = [];
    let problem: string | undefined;
    const worker = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        signal.throwIfAborted();
        try {
          const found = await this.products.follow(next, signal);
          problem ??= found;
        } catch (error) {
          errors.push(error);
        }
      }
    };
    await Promise.all(Array.from({ length: TENANTS_AT_ONCE }, worker));
    const [first] = errors;
    if (first === undefined) return problem;
    throw first instanceof Error ? first : new OmniError('internal', 'a tenant was not followed');
  }

  private async place(): Promise<Place> {
    const stored = await this.deps.store.records.get(PLACE_KIND, ID);
    return { ...NOWHERE, ...(stored?.value as Partial<Place> | undefined) };
  }

  private async note({ store, tenants, records }: Place): Promise<void> {
    const at = { kind: PLACE_KIND, id: ID, what: "the region's place", attempts: MAX_ATTEMPTS };
    const next = {
      ...(store === undefined ? {} : { store }),
      ...(tenants === undefined ? {} : { tenants }),
      ...(records === undefined ? {} : { records }),
    };
    await changeRecord(this.deps.store.records, at, (stored) =>
      JSON.stringify(stored?.value) === JSON.stringify(next) ? undefined : next,
    );
  }
}
