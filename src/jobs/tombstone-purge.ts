import type { Logger } from '../core/logger.js';
import type { Store } from '../store/store.js';

const INTERVAL_MS = 60_000;

/** Forgets deletes that are older than the retention time, once a minute. */
export class TombstonePurge {
  private running: Promise<void> = Promise.resolve();
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly store: Store,
    private readonly retentionMs: number,
    private readonly logger: Logger,
  ) {
    this.timer = setInterval(() => {
      this.running = this.purge();
    }, INTERVAL_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private async purge(): Promise<void> {
    try {
      await this.store.purgeTombstones(Date.now() - this.retentionMs);
    } catch (error) {
      this.logger.warn({ error: String(error) }, 'tombstones could not be purged');
    }
  }
}
