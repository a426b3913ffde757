import { termsKey, type TenantTerms } from '../../text/term-settings.js';
import type { TextSettings } from '../../text/text-settings.js';
import type { HostedTenant } from './hosted-tenant.js';

/**
 * A tenant that has something on this shard: the index that serves; while its text settings change, the
 * one that will; and for a while the one that did, since query nodes learn of a switch one by one.
 *
 *   next ──every shard has it, the record says so──> serving ──another serves──> retired ──> gone
 *     └─ the settings changed again ──> gone
 */
export class TenantGenerations {
  serving: HostedTenant;
  next: HostedTenant | undefined;
  private retired: HostedTenant[] = [];
  /** While all of it is let go of, until its files are gone: another may take its place then. */
  leaving: Promise<void> | undefined;
  /** Reads of the record that were begun, and the latest of them that was taken over. */
  private reads = 0;
  private adopted = 0;

  constructor(
    readonly tenant: string,
    { serving, next }: TenantTerms,
    private readonly host: (settings: TextSettings) => HostedTenant,
    /** How long one that has served may still be asked for. */
    private readonly graceMs: number,
  ) {
    this.serving = host(serving);
    this.next = next && host(next);
  }

  get all(): HostedTenant[] {
    const { serving, next, retired } = this;
    return next === undefined ? [serving, ...retired] : [serving, next, ...retired];
  }

  /** That of a generation, or the one that serves; undefined where it is not here. */
  of(generation: number | undefined): HostedTenant | undefined {
    if (generation === undefined) return this.serving;
    return this.all.find(({ settings }) => settings.generation === generation);
  }

  /** Some wait for their end. */
  get isRetiring(): boolean {
    return this.retired.length > 0;
  }

  /** One of them is not asked for any more. */
  get hasLeftovers(): boolean {
    return this.retired.some(({ hasLeft }) => hasLeft);
  }

  /**
   * Takes over what the tenant's record says. What is new here is made, and has everything to read yet;
   * it resolves once that which nobody has searched is gone.
   */
  async adopt(read: () => Promise<TenantTerms>): Promise<void> {
    const turn = ++this.reads;
    const terms = await read();
    // Of two at the same time the one that began earlier may know less.
    if (turn < this.adopted) return;
    this.adopted = turn;
    const { all, serving, next } = this;
    const take = (settings: TextSettings): HostedTenant =>
      all.find((held) => isOf(held, settings)) ?? this.host(settings);
    this.serving = take(terms.serving);
    this.next = terms.next && take(terms.next);
    this.retired = this.retired.filter((held) => held !== this.serving && held !== this.next);
    if (serving !== this.serving && serving !== this.next) {
      serving.retire(this.graceMs);
      this.retired.push(serving);
    }
    if (next !== undefined && next !== this.serving && next !== this.next) await next.forget();
  }

  /** Lets go of those that have served and are closed by now. */
  async clean(): Promise<void> {
    const done = this.retired.filter(({ hasLeft, opened }) => hasLeft && opened === undefined);
    this.retired = this.retired.filter((held) => !done.includes(held));
    for (const held of done) await held.forget();
  }
}

function isOf({ settings }: HostedTenant, wanted: TextSettings): boolean {
  return settings === wanted || termsKey(settings) === termsKey(wanted);
}
