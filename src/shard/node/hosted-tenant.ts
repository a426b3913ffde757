import { OmniError } from '../../core/errors.js';
import { isCompleteBy } from '../../store/partition-map.js';
import type { StoreReader } from '../../store/store.js';
import type { TextSettings } from '../../text/text-settings.js';
import { Assignment } from '../follow/assignment.js';
import type { Follower } from '../follow/follower.js';
import type { PinnedFiles } from '../index/pinned-files.js';
import type { SealedFiles, TenantFolders, TenantGeneration } from '../index/sealed-files.js';

export interface SleepOptions {
  /** Without a search for so long, a tenant that opens fast enough is closed. */
  idleMs: number;
  /** How long the store remembers deletes: no tenant sleeps through half of it. */
  tombstoneRetentionMs: number;
}

/**
 * So many rows are opened, or read from the store, while a search waits. A tenant of more is open
 * from the start on, and is closed only to make room.
 */
const OPENS_AT_ONCE_ROWS = 10_000;
/** Entries of the feed that a tenant may be behind while it sleeps: a search waits for them. */
const ASLEEP_BEHIND_LIMIT = 1_000;
/** From so many on it is worth a segment before it sleeps. */
const SEAL_ENTRIES = ASLEEP_BEHIND_LIMIT / 2;

/** How long one that opens may take before the shard says that it is not ready. */
const WAKING_MS = 10_000;

/** An index in memory, with what keeps and watches it. */
export interface OpenTenant {
  readonly follower: Follower;
  /** What is sealed, for others to copy: it stays open until that is released. Undefined: there is nothing to rely on. */
  pin(): PinnedFiles | undefined;
  close(): Promise<void>;
}

export interface HostedTenantDeps {
  shard: string;
  store: StoreReader;
  folders: TenantFolders;
  open(index: TenantGeneration): OpenTenant;
  /** Nothing of the tenant is here any more. */
  left(tenant: string): void;
}

/**
 * A tenant that has something on this shard, under one generation of its text settings. Asleep it is a
 * few numbers; its index is opened by the first search or wait, or when it falls behind, and closed
 * when nobody has asked for a while.
 *
 *   asleep ──search, wait, too far behind──> open ──idle, or room is needed──> closing ──> asleep
 */
export class HostedTenant implements TenantGeneration {
  opened: OpenTenant | undefined;
  /** Where it is asleep: what it has here, and how much its files take. */
  private rows = 0;
  private sealed: SealedFiles | undefined;
  private closing: Promise<void> | undefined;
  /** Until then it may take to become complete: the shard is ready meanwhile. */
  private wakingUntilMs = -Infinity;
  private ended = false;
  /** From then on another generation has taken its place. */
  private retiredMs = Infinity;
  private isMeasured = false;
  usedMs = performance.now();

  constructor(
    readonly tenant: string,
    readonly settings: TextSettings,
    private readonly deps: HostedTenantDeps,
    private readonly options: SleepOptions,
    /** As it is while the tenant sleeps. */
    private assignmentAsleep: Assignment,
  ) {}

  get assignment(): Assignment {
    return this.opened?.follower.assignment ?? this.assignmentAsleep;
  }

  get documents(): number {
    if (this.opened === undefined) return this.rows;
    const { readiness, index } = this.opened.follower;
    return readiness.allReady ? index.liveRows : Math.max(this.rows, index.liveRows);
  }

  get bytes(): number {
    const asleep = this.sealed?.bytes ?? 0;
    if (this.opened === undefined) return asleep;
    const { readiness, index } = this.opened.follower;
    // While its files are being opened it is as large as it will be.
    return readiness.allReady ? index.bytes : Math.max(asleep, index.bytes);
  }

  /** Asleep it is not known: it was merged before. */
  get deadBytes(): number {
    return this.opened?.follower.index.deadBytes ?? 0;
  }

  /** Asleep it takes no memory in any tier. */
  get warm(): { documents: number; bytes: number } {
    const segments = this.opened?.follower.index.segments ?? [];
    const sum = { documents: 0, bytes: 0 };
    for (const { isWarm, rows, deletes, bytes } of segments) {
      if (!isWarm) continue;
      sum.documents += rows - deletes.count;
      sum.bytes += bytes;
    }
    return sum;
  }

  get behind(): number {
    return this.opened?.follower.behind.entries ?? 0;
  }

  /** All that it has here can be searched, if need be after a moment of opening. */
  get isReady(): boolean {
    if (this.opened === undefined || this.opened.follower.readiness.allReady) return true;
    return performance.now() < this.wakingUntilMs;
  }

  /** It has read all that there was when it was opened; asleep, it is opened as soon as it is asked for. */
  get hasCaughtUp(): boolean {
    return this.opened === undefined ? this.isMeasured : this.opened.follower.readiness.allReady;
  }

  /** How many of its products are in it, and how many there were when they were counted. */
  get progress(): { documents: number; of: number } {
    const documents = this.opened?.follower.index.liveRows ?? this.rows;
    return { documents, of: Math.max(this.rows, documents) };
  }

  /** Nobody asks for it any more once `graceMs` are over. */
  retire(graceMs: number): void {
    this.retiredMs = performance.now() + graceMs;
  }

  /** Nothing of it belongs here, as far as is known. */
  get hasLeft(): boolean {
    if (performance.now() >= this.retiredMs) return true;
    return this.assignment !== Assignment.NONE && this.assignment.partitions.length === 0;
  }

  /**
   * Looks at what has changed in the store. An open index is nudged; of one asleep the numbers are
   * read, and it is opened where it must not sleep on.
   */
  async refresh(): Promise<void> {
    if (this.closing !== undefined) await this.closing;
    if (this.opened !== undefined) {
      this.opened.follower.nudge();
      return;
    }
    const { shard, store } = this.deps;
    const placement = await store.placement(this.tenant);
    if (placement.counter > this.assignmentAsleep.counter) {
      this.assignmentAsleep = new Assignment(shard, placement);
    }
    if (this.hasLeft) return;
    await this.count();
    await this.lookAtFiles();
  }

  /**
   * At the start of the shard: what no search could wait for is opened now. With `isBrief` the rows of
   * a small tenant are left to be counted by `refresh`. Resolves with whether they were counted.
   */
  async begin(isBrief = false): Promise<boolean> {
    const isSmall = isBrief && (await this.isSmall());
    if (!isSmall) await this.count();
    await this.lookAtFiles();
    if (this.rows > OPENS_AT_ONCE_ROWS) await this.open({ isWaking: false });
    return !isSmall;
  }

  private async isSmall(): Promise<boolean> {
    return (await this.deps.store.usage(this.tenant)).products <= OPENS_AT_ONCE_ROWS;
  }

  private async count(): Promise<void> {
    const counts = await this.deps.store.categories(this.tenant);
    this.rows = this.assignmentAsleep.productsOf(counts);
  }

  private async lookAtFiles(): Promise<void> {
    const { store, folders } = this.deps;
    const { tenant } = this;
    this.sealed = await folders.sealed(this);
    const behind = await store.behind(tenant, this.sealed?.position, ASLEEP_BEHIND_LIMIT);
    const isTooFarBehind = behind >= ASLEEP_BEHIND_LIMIT || (behind > 0 && this.isOld());
    this.isMeasured = true;
    if (this.isIncomplete()) await this.open({ isWaking: false });
    else if (isTooFarBehind) await this.open({ isWaking: true });
  }

  /** Deletes that its files do not know of may soon be forgotten by the store. */
  private isOld(): boolean {
    if (this.sealed === undefined) return false;
    return Date.now() - this.sealed.writtenAtMs > this.options.tombstoneRetentionMs / 2;
  }

  /** The files lack a whole partition: to come by it all is compared with the store. */
  private isIncomplete(): boolean {
    if (this.sealed === undefined) return false;
    const complete = new Set(this.sealed.partitions);
    const { assignmentAsleep: assignment } = this;
    const isHere = assignment.partitions.every((each) =>
      isCompleteBy(each, assignment.replicaOf(each), complete),
    );
    return this.sealed.position === undefined || !isHere;
  }

  /** For a request: the index, which may have to catch up yet. */
  async openFor(): Promise<OpenTenant> {
    this.usedMs = performance.now();
    return this.opened ?? (await this.open({ isWaking: true }));
  }

  private async open({ isWaking }: { isWaking: boolean }): Promise<OpenTenant> {
    while (this.closing !== undefined) await this.closing;
    if (this.ended) throw new OmniError('unavailable', 'the shard is closing');
    if (this.opened === undefined) {
      this.usedMs = performance.now();
      this.deps.folders.opened(this);
      this.wakingUntilMs = isWaking ? this.usedMs + WAKING_MS : -Infinity;
      this.opened = this.deps.open(this);
    }
    return this.opened;
  }

  /** To be called twice a second or so while it is open. */
  tick(): void {
    if (this.opened === undefined) return;
    const { follower } = this.opened;
    follower.tick();
    const isIdle = performance.now() - this.usedMs > this.options.idleMs;
    if (this.hasLeft || (isIdle && this.documents <= OPENS_AT_ONCE_ROWS)) this.sleep();
  }

  /**
   * Closes the index if nobody needs it; what has come since it was sealed is sealed first. False
   * where it has to stay.
   */
  sleep(): boolean {
    if (this.opened?.follower.isSettled !== true) return false;
    const { opened } = this;
    if (!this.hasLeft && opened.follower.sealBeforeSleep(SEAL_ENTRIES)) return true;
    this.assignmentAsleep = this.assignment;
    this.rows = this.documents;
    this.opened = undefined;
    this.closing = this.closeOpened(opened).finally(() => {
      this.closing = undefined;
    });
    return true;
  }

  private async closeOpened(opened: OpenTenant): Promise<void> {
    // A file that cannot be closed keeps nobody awake.
    await opened.close().catch(() => undefined);
    this.sealed = await this.deps.folders.sealed(this).catch(() => undefined);
  }

  /** It was let go of: another may have taken its place. */
  get hasEnded(): boolean {
    return this.ended;
  }

  /** It is not wanted here any more: removes its files. */
  async forget(): Promise<void> {
    await this.close();
    await this.deps.folders.remove(this);
  }

  async close(): Promise<void> {
    this.ended = true;
    await this.closing;
    await this.opened?.close();
    this.opened = undefined;
  }
}
