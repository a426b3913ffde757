import { setImmediate as nextTurn } from 'node:timers/promises';
import { OmniError } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import type { Position } from '../../store/store.js';
import { Assignment } from '../follow/assignment.js';
import { HostedTenant, type HostedTenantDeps, type SleepOptions } from './hosted-tenant.js';

export interface HostingOptions extends SleepOptions {
  /** How often the store is asked what has changed. */
  pollMs: number;
  /** Indexes that are open at once; past it those that were asked for longest ago are closed. */
  openTenants: number;
}

/** Tenants asked for, and looked at, at once. */
const CHANGED_AT_ONCE = 1_000;
const LOOKS_AT_ONCE = 16;

/** What all tenants together come to. */
export interface HostedSummary {
  tenants: number;
  partitions: number;
  documents: number;
  bytes: number;
  behind: number;
  /** Undefined: everything can be searched. */
  notReady: string | undefined;
}

/**
 * The tenants that have something on this shard. One question to the store, asked again and again,
 * tells which of them have changed: at rest nothing is asked for a tenant, and a name that has
 * nothing here leaves nothing behind.
 */
export class HostedTenants {
  private readonly hosted = new Map<string, HostedTenant>();
  /** To be looked at with the next poll, though nothing tells that they have changed. */
  private readonly again = new Set<string>();
  private position: Position | undefined;
  private timer: NodeJS.Timeout | undefined;
  private polling: Promise<void> | undefined;
  /** All that was there at the start has been looked at. */
  private listed = false;
  private closed = false;

  constructor(
    private readonly deps: HostedTenantDeps,
    private readonly options: HostingOptions,
    private readonly logger: Logger,
  ) {}

  /** Resolves once it is known what is here. Rejects when the store cannot be asked. */
  async start(): Promise<void> {
    await this.deps.folders.list();
    await this.readChanges();
    if (this.closed) return;
    // What could not be looked at may have something here.
    await this.deps.folders.keepOnly([...this.hosted.keys(), ...this.again]);
    this.listed = true;
    this.timer = setInterval(() => this.tick(), this.options.pollMs);
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.timer);
    await this.polling;
    await Promise.all(Array.from(this.hosted.values(), (tenant) => tenant.close()));
  }

  get(tenant: string): HostedTenant | undefined {
    return this.hosted.get(tenant);
  }

  /** The tenant, if the placement as of now gives this shard something of it. */
  async find(tenant: string): Promise<HostedTenant | undefined> {
    const { shard, store } = this.deps;
    const known = this.hosted.get(tenant);
    if (known !== undefined) return known;
    const assignment = new Assignment(shard, await store.placement(tenant));
    if (assignment.partitions.length === 0) return undefined;
    if (this.closed) throw new OmniError('unavailable', 'the shard is closing');
    const raced = this.hosted.get(tenant);
    if (raced !== undefined) return raced;
    const hosted = new HostedTenant(tenant, this.deps, this.options, assignment);
    this.hosted.set(tenant, hosted);
    return hosted;
  }

  /** A write was committed. One asleep learns of it by the poll, or when it is opened. */
  nudge(tenant: string): void {
    this.hosted.get(tenant)?.opened?.follower.nudge();
  }

  summary(): HostedSummary {
    const sum = { tenants: this.hosted.size, partitions: 0, documents: 0, bytes: 0, behind: 0 };
    let unready = 0;
    for (const { assignment, documents, bytes, behind, isReady } of this.hosted.values()) {
      sum.partitions += assignment.partitions.length;
      sum.documents += documents;
      sum.bytes += bytes;
      sum.behind += behind;
      if (!isReady) unready += 1;
    }
    let notReady: string | undefined;
    if (!this.listed) notReady = 'its tenants are being looked for';
    else if (unready > 0) notReady = `${unready} of ${sum.tenants} tenants are not complete yet`;
    return { ...sum, notReady };
  }

  /** The open ones. */
  opened(): HostedTenant[] {
    return [...this.hosted.values()].filter(({ opened }) => opened !== undefined);
  }

  private tick(): void {
    const opened = this.opened();
    for (const tenant of opened) {
      tenant.tick();
      // Once it is closed, its files go as well.
      if (tenant.hasLeft) this.again.add(tenant.tenant);
    }
    this.makeRoom(opened);
    this.polling ??= this.poll().finally(() => {
      this.polling = undefined;
    });
  }

  /** Those asked for longest ago go to sleep where too many are open. */
  makeRoom(opened = this.opened()): void {
    let surplus = opened.length - this.options.openTenants;
    if (surplus <= 0) return;
    opened.sort((a, b) => a.usedMs - b.usedMs);
    for (const tenant of opened) if (surplus > 0 && tenant.sleep()) surplus -= 1;
  }

  private async poll(): Promise<void> {
    try {
      const again = [...this.again];
      this.again.clear();
      await this.lookAt(again);
      await this.readChanges();
    } catch (error) {
      this.logger.warn({ error: String(error) }, 'changed tenants could not be read');
    }
  }

  private async readChanges(): Promise<void> {
    for (;;) {
      const page = await this.deps.store.changedTenants(this.position, CHANGED_AT_ONCE);
      await this.lookAt(page.tenants);
      this.position = page.position;
      if (page.atEnd || this.closed) return;
    }
  }

  private async lookAt(tenants: readonly string[]): Promise<void> {
    for (let at = 0; at < tenants.length && !this.closed; at += LOOKS_AT_ONCE) {
      const some = tenants.slice(at, at + LOOKS_AT_ONCE);
      await Promise.all(some.map((tenant) => this.look(tenant)));
      await nextTurn();
    }
  }

  private async look(tenant: string): Promise<void> {
    try {
      const hosted = await this.find(tenant);
      if (this.listed) await hosted?.refresh();
      else await hosted?.begin();
      if (hosted === undefined || !hosted.hasLeft || hosted.opened !== undefined) return;
      await hosted.forget().finally(() => this.hosted.delete(tenant));
    } catch (error) {
      if (this.closed) return;
      // It must not keep the others from being looked at.
      this.again.add(tenant);
      this.logger.warn({ tenant, error: String(error) }, 'a tenant could not be looked at');
    }
  }
}
