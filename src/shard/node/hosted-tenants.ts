import { setImmediate as nextTurn } from 'node:timers/promises';
import { OmniError, reasonOf } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import { TENANT_KIND } from '../../store/record-store.js';
import type { Position } from '../../store/store.js';
import { tenantTerms, type TenantTerms } from '../../text/term-settings.js';
import type { TextSettings } from '../../text/text-settings.js';
import { Assignment } from '../follow/assignment.js';
import { HostedTenant, type HostedTenantDeps, type SleepOptions } from './hosted-tenant.js';
import { summaryOf, type HostedSummary } from './hosted-summary.js';
import { TenantGenerations } from './tenant-generations.js';

export interface HostingOptions extends SleepOptions {
  /** How often the store is asked what has changed. */
  pollMs: number;
  /** Indexes that are open at once; past it those that were asked for longest ago are closed. */
  openTenants: number;
  /** How long an index is kept once another generation of the tenant's settings serves. */
  switchGraceMs: number;
  /**
   * A node that has not heard of the store for so long may have stood still, and others may not wait for it
   * any more: what was written meanwhile is read before it answers again.
   */
  fenceMs: number;
}

/** Tenants asked for, and looked at, at once. */
const CHANGED_AT_ONCE = 1_000;
const LOOKS_AT_ONCE = 16;
/** Tenants whose rows are counted before a shard is ready, and of the others in each poll after that. */
const COUNTED_AT_START = 1_000;
const COUNTED_A_POLL = 200;
/**
 * The tenants that have something on this shard. One question to the store, asked again and again,
 * tells which of them have changed: at rest nothing is asked for a tenant, and a name that has
 * nothing here leaves nothing behind.
 */
export class HostedTenants {
  private readonly hosted = new Map<string, TenantGenerations>();
  /** Those with an index that is not to stay. */
  private readonly retiring = new Set<TenantGenerations>();
  /** To be looked at with the next poll, though nothing tells that they have changed. */
  private readonly again = new Set<string>();
  /** Small ones whose rows are not counted yet. */
  private readonly uncounted = new Set<string>();
  private position: Position | undefined;
  /** All that was written by then has been told of, or is in doubt. */
  private heardAtMs = -Infinity;
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
    if (this.again.size === 0) await this.deps.folders.keepOnly(this.indexes());
    this.listed = true;
    this.timer = setInterval(() => this.tick(), this.options.pollMs);
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.timer);
    await this.polling;
    await Promise.all(Array.from(this.indexes(), (index) => index.close()));
  }

  /** The tenant's index of that generation, or the one that serves. */
  get(tenant: string, generation?: number): HostedTenant | undefined {
    return this.hosted.get(tenant)?.of(generation);
  }

  /** Whether it has anything here, as far as is known. */
  has(tenant: string): boolean {
    return this.hosted.has(tenant);
  }

  /** Those of its indexes that may be searched already, or at the next moment. */
  searchable(tenant: string): HostedTenant[] {
    const generations = this.hosted.get(tenant);
    if (generations === undefined) return [];
    const { all, serving } = generations;
    return all.filter((each) => each === serving || (each.opened && each.hasCaughtUp));
  }

  /**
   * The tenant's index, if the placement as of now gives this shard something of it, and its record
   * has that generation.
   */
  async find(tenant: string, generation?: number): Promise<HostedTenant | undefined> {
    await this.hosted.get(tenant)?.leaving;
    const known = this.get(tenant, generation);
    if (known !== undefined) return known;
    const generations = this.hosted.get(tenant);
    if (generations === undefined) return (await this.host(tenant))?.of(generation);
    await this.adopt(generations);
    return generations.of(generation);
  }

  private async host(tenant: string): Promise<TenantGenerations | undefined> {
    const { shard, store } = this.deps;
    const placement = await store.placement(tenant);
    if (new Assignment(shard, placement).partitions.length === 0) return undefined;
    const terms = await this.termsOf(tenant);
    if (this.closed) throw new OmniError('unavailable', 'the shard is closing');
    const raced = this.hosted.get(tenant);
    if (raced !== undefined) return raced;
    const make = (settings: TextSettings): HostedTenant => {
      const assignment = new Assignment(shard, placement);
      return new HostedTenant(tenant, settings, this.deps, this.options, assignment);
    };
    const generations = new TenantGenerations(tenant, terms, make, this.options.switchGraceMs);
    this.hosted.set(tenant, generations);
    return generations;
  }

  private async termsOf(tenant: string): Promise<TenantTerms> {
    const record = await this.deps.store.records.get(TENANT_KIND, tenant);
    return tenantTerms(record?.value);
  }

  /** Takes over what the tenant's record says by now. */
  private async adopt(generations: TenantGenerations): Promise<void> {
    const { serving, next } = generations;
    await generations.adopt(() => this.termsOf(generations.tenant));
    if (this.closed) return;
    for (const index of [generations.serving, generations.next]) {
      if (index !== undefined && index !== serving && index !== next) await index.begin();
    }
    if (generations.isRetiring) this.retiring.add(generations);
  }

  /** To be called before a request is looked at. */
  doubtWhatIsOld(): void {
    const nowMs = performance.now();
    if (!this.listed || nowMs - this.heardAtMs <= this.options.fenceMs) return;
    this.heardAtMs = nowMs;
    for (const { opened } of this.opened()) opened?.follower.doubt();
  }

  /** A write was committed. One asleep learns of it by the poll, or when it is opened. */
  nudge(tenant: string): void {
    for (const { opened } of this.hosted.get(tenant)?.all ?? []) opened?.follower.nudge();
  }

  summary(): HostedSummary {
    return summaryOf([...this.hosted.values()], this.listed);
  }

  /** The open ones. */
  opened(): HostedTenant[] {
    const opened: HostedTenant[] = [];
    for (const index of this.indexes()) if (index.opened !== undefined) opened.push(index);
    return opened;
  }

  private *indexes(): Generator<HostedTenant, void, undefined> {
    for (const { all } of this.hosted.values()) yield* all;
  }

  private tick(): void {
    const opened = this.opened();
    for (const tenant of opened) {
      tenant.tick();
      // Once it is closed, its files go as well.
      if (tenant.hasLeft) this.again.add(tenant.tenant);
    }
    for (const generations of this.retiring) {
      if (generations.hasLeftovers) this.again.add(generations.tenant);
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
      await this.lookAt(this.someUncounted());
    } catch (error) {
      this.logger.warn({ error: reasonOf(error) }, 'changed tenants could not be read');
    }
  }

  private someUncounted(): string[] {
    const some: string[] = [];
    for (const tenant of this.uncounted) {
      if (some.length === COUNTED_A_POLL) break;
      some.push(tenant);
      this.uncounted.delete(tenant);
    }
    return some;
  }

  private async readChanges(): Promise<void> {
    const asOfMs = performance.now();
    for (;;) {
      const page = await this.deps.store.changedTenants(this.position, CHANGED_AT_ONCE);
      await this.lookAt(page.tenants);
      this.position = page.position;
      if (page.atEnd) this.heardAtMs = Math.max(this.heardAtMs, asOfMs);
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
      const known = this.hosted.get(tenant);
      const generations = known ?? (await this.host(tenant));
      if (generations === undefined) return;
      if (known !== undefined) await this.adopt(known);
      for (const index of generations.all)
        await (this.listed ? index.refresh() : this.begin(index));
      await this.tidy(generations);
    } catch (error) {
      if (this.closed) return;
      // It must not keep the others from being looked at.
      this.again.add(tenant);
      this.logger.warn({ tenant, error: String(error) }, 'a tenant could not be looked at');
    }
  }

  /** At the start: where there are many tenants, the rows of most are counted once it is over. */
  private async begin(index: HostedTenant): Promise<void> {
    const isBrief = this.hosted.size > COUNTED_AT_START;
    if (!(await index.begin(isBrief))) this.uncounted.add(index.tenant);
  }

  /** What is not wanted here any more goes, with its files. */
  private async tidy(generations: TenantGenerations): Promise<void> {
    const { tenant, serving, all } = generations;
    if (serving.hasLeft && serving.opened === undefined) {
      this.retiring.delete(generations);
      const left = this.letGoOf(tenant, all);
      // Who asks for it meanwhile waits; what went wrong is told by the look that began it.
      generations.leaving = left.catch(() => undefined);
      await left;
      this.deps.left(tenant);
      return;
    }
    await generations.clean();
    if (!generations.isRetiring) this.retiring.delete(generations);
  }

  private async letGoOf(tenant: string, indexes: readonly HostedTenant[]): Promise<void> {
    try {
      for (const index of indexes) await index.forget();
    } finally {
      this.hosted.delete(tenant);
    }
  }
}
