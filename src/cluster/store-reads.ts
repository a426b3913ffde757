import { invalidField, reasonOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { RepeatedWork } from '../core/repeated-work.js';
import { maxLagOf, readsOf } from '../core/store-reads.js';
import { changeRecord } from '../store/change-record.js';
import type { RecordStore } from '../store/record-store.js';
import type { ReplicaLagOf, StoreReplicas } from '../store/store-replicas.js';

const KIND = 'store reads';
const ID = 'all';
const MAX_ATTEMPTS = 6;
const LOOK_EVERY_MS = 2_000;

/**
 * Where the joins of all query nodes read: what an operator said last, which every node looks for, else what its own
 * settings say.
 */
export class StoreReads {
  private readonly looking: RepeatedWork;

  /** @param replicas undefined: the store has none, and there is nothing to choose. @param own what the settings say */
  constructor(
    private readonly records: RecordStore,
    private readonly replicas: StoreReplicas | undefined,
    private readonly own: string,
    private readonly logger: Logger,
  ) {
    this.looking = new RepeatedWork(() => this.look(), LOOK_EVERY_MS);
  }

  start(): void {
    if (this.replicas === undefined) return;
    this.replicas.follow(maxLagOf(this.own));
    this.looking.start();
  }

  close(): Promise<void> {
    return this.looking.close();
  }

  /** As this node reads now. */
  show(): { reads: string; replicas: readonly ReplicaLagOf[] } {
    return { reads: readsOf(this.replicas?.maxLagMs), replicas: this.replicas?.lags ?? [] };
  }

  /** Throws `invalid_field` where there is nothing to choose. */
  requireChoice(): StoreReplicas {
    if (this.replicas !== undefined) return this.replicas;
    throw invalidField('reads', 'cannot be chosen: the store of this server has no secondaries');
  }

  /** Has all nodes read so within seconds, this one at once. Rejects `invalid_field` where there is nothing to choose. */
  async change(reads: string): Promise<void> {
    const { records } = this;
    const replicas = this.requireChoice();
    const at = { kind: KIND, id: ID, what: 'where joins read', attempts: MAX_ATTEMPTS };
    await changeRecord(records, at, (stored) =>
      stored?.value['reads'] === reads ? undefined : { reads },
    );
    replicas.follow(maxLagOf(reads));
  }

  /** Never rejects: what was known stays. */
  private async look(): Promise<void> {
    try {
      const stored = await this.records.get(KIND, ID);
      const { reads } = stored?.value ?? {};
      this.replicas?.follow(maxLagOf(typeof reads === 'string' ? reads : this.own));
    } catch (error) {
      this.logger.debug({ reason: reasonOf(error) }, 'it is not known where joins are to read');
    }
  }
}
