import { Deadline } from '../../src/core/deadline.js';
import { OmniError } from '../../src/core/errors.js';
import { PING_AFTER_MS, ShardPulse } from '../../src/shard-client/shard-pulse.js';
import type { EventClock } from './event-clock.js';
import type { Cost } from './service-times.js';
import type { SimulatedShard } from './shard-node.js';

/** As `ShardConnection` has them. */
const PING_TIMEOUT_MS = 5_000;
const PING_PAUSE_MS = 200;
/** A short message's way in a data centre, or over a socket of one machine. */
const SHORT_WAY_MS = 0.1;

/**
 * One query node's connection to one shard, as `ShardConnection` is one, with its real pulse: what is asked of
 * a dead process is refused at once, what is asked of one that hangs waits for its deadline.
 */
export class SimulatedConnection {
  readonly pulse: ShardPulse;
  private underWay = 0;
  private isPinging = false;
  private isLooking = false;

  constructor(
    private readonly clock: EventClock,
    private readonly shard: SimulatedShard,
  ) {
    this.pulse = new ShardPulse(clock.now);
  }

  /** Rejects `unavailable`, `overloaded` or `deadline_exceeded`. Aborting `signal` cancels it in the shard. */
  async ask(cost: Cost, deadline: Deadline, signal: AbortSignal | undefined): Promise<void> {
    if (this.pulse.isSilent) throw new OmniError('unavailable', 'the shard does not answer');
    if (!this.pulse.admits(this.underWay)) throw new OmniError('overloaded', 'too many requests');
    this.pulse.asked(this.underWay);
    this.underWay += 1;
    this.look();
    try {
      await this.exchange(cost, deadline, signal);
    } catch (error) {
      const isLate = error instanceof OmniError && error.code === 'deadline_exceeded';
      if (isLate && signal?.aborted !== true) this.missed();
      throw error;
    } finally {
      this.underWay -= 1;
    }
  }

  /** Resolves when the shard says that it serves. */
  probe(deadline: Deadline): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = new OmniError('deadline_exceeded', 'a shard did not answer in time');
      const callOff = this.clock.after(deadline.remainingMs(), () => reject(late));
      this.clock.after(SHORT_WAY_MS, () => {
        if (this.shard.isDead) {
          callOff();
          reject(new OmniError('unavailable', 'the connection was refused'));
          return;
        }
        this.shard.ping(() => {
          this.clock.after(SHORT_WAY_MS, () => {
            this.pulse.heard();
            callOff();
            resolve();
          });
        });
      });
    });
  }

  private exchange(
    { cpuMs, waitMs }: Cost,
    deadline: Deadline,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { clock, shard } = this;
    return new Promise((resolve, reject) => {
      let cancel: () => void = () => undefined;
      const settle = (error?: OmniError): void => {
        callOff();
        cancel();
        signal?.removeEventListener('abort', onAbort);
        if (error === undefined) resolve();
        else reject(error);
      };
      const fail = (code: 'deadline_exceeded' | 'unavailable'): void =>
        settle(new OmniError(code, 'a shard did not answer'));
      const onAbort = (): void => fail('deadline_exceeded');
      const lost = (): void => fail('unavailable');
      const callOff = clock.after(deadline.remainingMs(), () => fail('deadline_exceeded'));
      signal?.addEventListener('abort', onAbort);
      const answer = (): void => {
        cancel = clock.after(waitMs / 2, () => {
          this.pulse.heard();
          settle();
        });
      };
      cancel = clock.after(waitMs / 2, () => {
        if (shard.isDead) lost();
        else cancel = shard.ask(cpuMs, answer, lost);
      });
    });
  }

  /** While requests wait: asks a shard that says nothing whether it is alive. */
  private look(): void {
    if (this.isLooking) return;
    this.isLooking = true;
    this.clock.after(PING_AFTER_MS, () => {
      this.isLooking = false;
      if (this.underWay === 0) return;
      if (this.pulse.isQuiet && !this.isPinging) void this.ping();
      this.look();
    });
  }

  private missed(): void {
    this.pulse.missed();
    if (this.pulse.isSilent && !this.isPinging) void this.ping();
  }

  /** Asks whether the shard is alive; of a silent one until it says anything. Never rejects. */
  private async ping(): Promise<void> {
    this.isPinging = true;
    do {
      this.pulse.pinged();
      const deadline = Deadline.after(PING_TIMEOUT_MS, this.clock.now);
      await this.probe(deadline).catch(() => this.clock.sleep(PING_PAUSE_MS));
    } while (this.pulse.isSilent);
    this.isPinging = false;
    this.pulse.pingEnded();
  }
}
