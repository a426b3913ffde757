import type { Logger } from '../core/logger.js';
import type { ShardAddress } from '../protocol/shard-address.js';
import type { ShardFleet } from './shard-fleet.js';

/** How old a node's view of the addresses may be. */
const MAX_AGE_MS = 1_000;
/** Requests that fail together ask once. */
const MIN_GAP_MS = 100;

export type ReadAddresses = () => Promise<ReadonlyMap<string, ShardAddress>>;

/**
 * Keeps a fleet's addresses those that `read` tells: at least every second, and as soon as a shard
 * cannot be reached. While they cannot be read the last ones stand.
 */
export class AddressWatch {
  private reading: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readAtMs = -Infinity;
  private closed = false;

  constructor(
    private readonly fleet: ShardFleet,
    private readonly read: ReadAddresses,
    private readonly logger: Logger,
  ) {}

  /** Resolves after the first look. */
  async start(): Promise<void> {
    this.fleet.onUnreachable(() => this.lookAgain());
    await this.look();
  }

  /** A look under way is left to itself: the store may take its time to say that it is away. */
  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  /** Resolves once the addresses are those of a moment ago. Never rejects. */
  private async lookAgain(): Promise<void> {
    if (this.closed || performance.now() - this.readAtMs < MIN_GAP_MS) return;
    await this.look();
  }

  private look(): Promise<void> {
    clearTimeout(this.timer);
    this.reading ??= this.readOnce().finally(() => {
      this.reading = undefined;
      this.readAtMs = performance.now();
      if (!this.closed) this.timer = setTimeout(() => void this.look(), MAX_AGE_MS);
    });
    return this.reading;
  }

  private async readOnce(): Promise<void> {
    try {
      const addresses = await this.read();
      if (this.closed) return;
      const changed = this.fleet.setAddresses(addresses);
      if (changed.length > 0) this.logger.info({ shards: changed }, 'addresses of shards changed');
    } catch (error) {
      if (this.closed) return;
      this.logger.warn({ error: String(error) }, 'the addresses of shards could not be read');
    }
  }
}
