import { TURN_MS } from './budget.js';
import type { CancelSignal } from './cancellation.js';
import { OmniError } from './errors.js';

export interface FairQueueOptions {
  /** What is queued, for the message of a refusal: "searches". */
  what: string;
  /** Places for works that run at once. */
  concurrency: number;
  /** Works that wait at once, in all and of one tenant; past it `overloaded` at once. */
  maxWaiting: number;
  maxWaitingOfTenant: number;
  /** Places that one tenant may take at once; all by default. */
  concurrencyOfTenant?: number;
  /** How much a tenant that comes back has before it stands in line with those that went on meanwhile; 0 by default. */
  creditMs?: number;
  now?: () => number;
}

export interface RunOptions {
  /** Places that the work takes, at most all there are. */
  places?: number;
  /** How long the work may wait: past it `run` rejects `deadline_exceeded`. For ever by default. */
  maxWaitMs?: number;
  /** The tenant's share beside others': of 2 it gets twice as much as one of 1, the default, before it has to wait. */
  weight?: number;
  /** Aborted while the work waits: it is not started, and `run` rejects with the signal's reason. */
  signal?: CancelSignal;
}

/** The right to work, held by whoever runs. */
export interface Turn {
  /** Lets others that are due run first; resolves when this work is due again. */
  yield(): Promise<void>;
  /** Adds to what the tenant has used, in milliseconds, beyond the time that the turn itself took. */
  charge(costMs: number): void;
}

/**
 * What a search takes that is not long: a tenant that asks now and then has it done without a stop beside one that
 * keeps all busy.
 */
export const CREDIT_MS = 50;

/** Tenants that have used more than their share and ask for nothing, remembered at most. */
const MAX_REMEMBERED = 1_000;

interface Waiting {
  sinceMs: number;
  places: number;
  start: () => void;
}

interface TenantUse {
  /** What the tenant has used, by its weight: the least user among those that wait is served next. */
  usedMs: number;
  waiting: Waiting[];
  running: number;
  /** Places taken. */
  places: number;
}

/**
 * A bounded queue that is fair between tenants by what they really use (weighted fair queueing by
 * virtual time; Demers, Keshav and Shenker 1989, with costs charged once they are known): one that
 * uses much waits for itself, one that uses little goes first. Works of one tenant keep their order.
 * Where one work runs at a time, short ones share a turn of the event loop only until it has lasted
 * `TURN_MS`: who has just come is heard before the next one starts.
 */
export class FairQueue {
  private readonly tenants = new Map<string, TenantUse>();
  private waitingWorks = 0;
  private free: number;
  /** What the tenant served last had used by then. */
  private virtualMs = 0;
  private readonly now: () => number;
  /** When the first work of this turn of the event loop started; undefined before it. */
  private turnStartedMs: number | undefined;
  private idle: (() => void)[] = [];

  constructor(private readonly options: FairQueueOptions) {
    this.free = options.concurrency;
    this.now = options.now ?? (() => performance.now());
  }

  get waitingCount(): number {
    return this.waitingWorks;
  }

  /** For how long the one that waits longest has waited, milliseconds; 0: none waits. */
  get oldestMs(): number {
    if (this.waitingWorks === 0) return 0;
    let sinceMs = this.now();
    for (const { waiting } of this.tenants.values()) {
      // All of them: what gives its turn away comes first again, and has waited least.
      for (const each of waiting) sinceMs = Math.min(sinceMs, each.sinceMs);
    }
    return this.now() - sinceMs;
  }

  /** Places taken. */
  get runningCount(): number {
    return this.options.concurrency - this.free;
  }

  /** Runs `work` when it is due. Rejects `overloaded` at once where too many wait. */
  async run<T>(
    tenant: string,
    work: (turn: Turn) => Promise<T> | T,
    { places = 1, weight = 1, signal, maxWaitMs }: RunOptions = {},
  ): Promise<T> {
    signal?.throwIfAborted();
    const taken = Math.min(places, this.ofTenant);
    const use = this.enter(tenant);
    try {
      const isNext = use.waiting.length === 0 && this.leastUser() === undefined && !this.isTurnOver;
      if (isNext && this.fits(use, taken)) this.take(use, taken);
      else {
        this.checkRoom(use);
        await this.due(use, taken, 'last', signal, maxWaitMs);
      }
    } catch (error) {
      this.leave(tenant, use);
      throw error;
    }
    return this.runNow(tenant, use, { places: taken, weight }, work);
  }

  /** Resolves once nothing waits or runs. */
  drained(): Promise<void> {
    if (this.waitingWorks === 0 && this.runningCount === 0) return Promise.resolve();
    return new Promise((resolve) => this.idle.push(resolve));
  }

  /** What one that comes back counts as having used, at least: it is not owed for all the time that it was away. */
  private get startsAtMs(): number {
    return this.virtualMs - (this.options.creditMs ?? 0);
  }

  private get ofTenant(): number {
    const { concurrency, concurrencyOfTenant = concurrency } = this.options;
    return Math.min(concurrency, concurrencyOfTenant);
  }

  private fits(use: TenantUse, places: number): boolean {
    return places <= this.free && use.places + places <= this.ofTenant;
  }

  private async runNow<T>(
    tenant: string,
    use: TenantUse,
    { places, weight }: { places: number; weight: number },
    work: (turn: Turn) => Promise<T> | T,
  ): Promise<T> {
    let startedMs = this.now();
    const charge = (costMs: number): void => {
      use.usedMs += costMs / weight;
    };
    const pay = (): void => charge(this.now() - startedMs);
    const giveTurn = async (): Promise<void> => {
      pay();
      // In line before the place is free: one that has used least goes on at once.
      const due = this.due(use, places, 'first', undefined);
      this.give(use, places);
      // Events of this process come before the next slice also where nobody else waits.
      await Promise.all([due, new Promise(setImmediate)]);
      startedMs = this.now();
    };
    try {
      return await work({ yield: giveTurn, charge });
    } finally {
      pay();
      this.give(use, places);
      this.leave(tenant, use);
    }
  }

  private enter(tenant: string): TenantUse {
    let use = this.tenants.get(tenant);
    if (use === undefined) {
      use = { usedMs: this.startsAtMs, waiting: [], running: 0, places: 0 };
      this.tenants.set(tenant, use);
    } else if (isIdle(use)) {
      use.usedMs = Math.max(use.usedMs, this.startsAtMs);
    }
    return use;
  }

  private checkRoom(use: TenantUse): void {
    const { maxWaiting, maxWaitingOfTenant, what } = this.options;
    if (this.waitingWorks < maxWaiting && use.waiting.length < maxWaitingOfTenant) return;
    const message = `too many ${what} are waiting`;
    throw new OmniError('overloaded', message);
  }

  /** Resolves when the work is due, its places taken. */
  private due(
    use: TenantUse,
    places: number,
    where: 'first' | 'last',
    signal: CancelSignal | undefined,
    maxWaitMs?: number,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const settle = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const entry: Waiting = {
        sinceMs: this.now(),
        places,
        start: () => {
          settle();
          resolve();
        },
      };
      const giveUp = (reason: Error): void => {
        settle();
        use.waiting.splice(use.waiting.indexOf(entry), 1);
        this.waitingWorks -= 1;
        reject(reason);
        // What waited behind it may fit where it did not.
        this.startDue();
      };
      const onAbort = (): void => giveUp(signal?.reason as Error);
      signal?.addEventListener('abort', onAbort);
      if (maxWaitMs !== undefined) {
        const message = `the deadline passed among waiting ${this.options.what}`;
        timer = setTimeout(() => giveUp(new OmniError('deadline_exceeded', message)), maxWaitMs);
      }
      if (where === 'first') use.waiting.unshift(entry);
      else use.waiting.push(entry);
      this.waitingWorks += 1;
      this.startDue();
    });
  }

  /** Works that run side by side wait for others, not for this thread: they have no turn in common. */
  private get isTurnOver(): boolean {
    const { turnStartedMs } = this;
    return turnStartedMs !== undefined && this.now() - turnStartedMs >= TURN_MS;
  }

  private startDue(): void {
    for (;;) {
      const use = this.leastUser();
      const next = use?.waiting[0];
      if (use === undefined || next === undefined || next.places > this.free) return;
      // The end of this turn, which is waited for already, starts what is due then.
      if (this.isTurnOver) return;
      use.waiting.shift();
      this.waitingWorks -= 1;
      this.virtualMs = Math.max(this.virtualMs, use.usedMs);
      this.take(use, next.places);
      next.start();
    }
  }

  /** Of the tenants that wait and may take more places, the one that has used least. */
  private leastUser(): TenantUse | undefined {
    if (this.waitingWorks === 0) return undefined;
    let least: TenantUse | undefined;
    for (const use of this.tenants.values()) {
      const next = use.waiting[0];
      if (next === undefined || use.places + next.places > this.ofTenant) continue;
      if (least === undefined || use.usedMs < least.usedMs) least = use;
    }
    return least;
  }

  private take(use: TenantUse, places: number): void {
    if (this.options.concurrency === 1 && this.turnStartedMs === undefined) {
      this.turnStartedMs = this.now();
      setImmediate(() => {
        this.turnStartedMs = undefined;
        this.startDue();
      });
    }
    this.free -= places;
    use.places += places;
    use.running += 1;
  }

  private give(use: TenantUse, places: number): void {
    this.free += places;
    use.places -= places;
    use.running -= 1;
    this.startDue();
  }

  private leave(tenant: string, use: TenantUse): void {
    if (isIdle(use)) {
      this.tenants.delete(tenant);
      // One that has used no more than its share is as good as new, and so are all where none works.
      if (use.usedMs > this.startsAtMs) this.remember(tenant, use);
    }
    if (this.waitingWorks > 0 || this.runningCount > 0) return;
    this.tenants.clear();
    for (const resolve of this.idle.splice(0)) resolve();
  }

  /** Puts it last; the first that is idle goes where they are too many: names are cheaply made. */
  private remember(tenant: string, use: TenantUse): void {
    this.tenants.set(tenant, use);
    if (this.tenants.size <= MAX_REMEMBERED) return;
    for (const [name, other] of this.tenants) {
      if (!isIdle(other)) continue;
      this.tenants.delete(name);
      return;
    }
  }
}

function isIdle({ waiting, running }: TenantUse): boolean {
  return waiting.length === 0 && running === 0;
}
