import type { CancelSignal } from '../core/cancellation.js';
import { Deadline } from '../core/deadline.js';
import { digest } from '../core/ids.js';
import type { Span } from '../core/span.js';
import type { Filter } from '../filter/filter.js';
import type { WordCounts } from '../protocol/messages.js';
import type { Pinned } from '../shard-client/leaf-calls.js';
import { ANALYZER_VERSION } from '../text/analyzer.js';
import { askForCounts, type CountDeps, type CountMessage } from './ask-counts.js';
import type { FanOutBounds } from './fan-out.js';
import { missingOf, PlacementReshaped, reasonOf } from './failures.js';
import { KeptCounts, type KeptCount } from './kept-counts.js';
import type { ShardTarget } from './plan.js';
import { areOf, joined, NO_STATES, type RowStates } from './row-states.js';
import type { MissingPart } from './search-types.js';
import {
  answersOf,
  questionsOf,
  WordSums,
  type Asked,
  type Count,
  type Question,
  type WordQuestions,
} from './word-count.js';

/** Whose words are counted, and where they are. */
export interface CountedTenant {
  tenant: string;
  /** Fingerprint of the model of the rows. */
  model: string;
  /** Of the text settings. */
  generation: number;
  /** What the caller may see of it; absent: all. */
  within?: { filter: Filter; version: string };
  /** All shards that have anything of that, whatever a filter says. */
  targets: readonly ShardTarget[];
  /** Those of them where the search itself looks. */
  searched: readonly ShardTarget[];
  /** Of the placement that has these. */
  placement: number;
  /** See `FanOutQuery`. */
  stickyKey?: number | undefined;
}

export interface Counted {
  sums: WordSums;
  /** What did not answer. */
  missing: MissingPart[];
}

/** Of the time that a search has left, the part that a round of counting may take: there may be three. */
const COUNT_SHARE = 0.4;
/** A round that others may join has so long at least, however short the time of who begins it. */
const LEAST_FLIGHT_MS = 1_000;
/** A shard of which enough is known from before is waited for so long. */
const KNOWN_PATIENCE_MS = 250;
/** One where the search does not look only makes the words' weights truer. */
const ASIDE_PATIENCE_MS = 100;

/** What a round of questions came to. */
interface Answered {
  counts: ReadonlyMap<string, KeptCount>;
  missing: MissingPart[];
  pins: ReadonlyMap<string, Pinned>;
}

/** How a round of counting is asked for. */
interface CountOptions {
  signal?: CancelSignal | undefined;
  /** Of the first who asks it, where that search is traced. */
  span?: Span | undefined;
  pin?: boolean;
}

/**
 * The first phase of a search by words: how common they are among all live products of the tenant, as
 * the sum over its shards. Statistics that came from the shard or segment of a hit would make its score
 * depend on where it lies (invariant 3).
 */
export class WordCounter {
  private readonly kept: KeptCounts;
  /** Under way, by the keys of their questions: who asks the same waits for the same answer. */
  private readonly flights = new Map<string, Promise<Answered>>();

  constructor(
    private readonly deps: CountDeps,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.kept = new KeptCounts(now);
  }

  /**
   * From what is known where all is. Rejects `deadline_exceeded`; a shard that fails is in `missing`.
   *
   * @param relied what the search goes by already; undefined: it goes by nothing whose rows may have changed
   */
  async count(
    of: CountedTenant,
    asked: WordQuestions,
    bounds: FanOutBounds,
    relied?: RowStates,
  ): Promise<Counted> {
    const scope = scopeOf(of);
    const counts = new Map<string, KeptCount>();
    const missing: MissingPart[] = [];
    const take = (answered: Answered): void => {
      for (const [key, count] of answered.counts) counts.set(key, count);
      missing.push(...answered.missing);
    };
    const open = questionsOf(asked, scope).filter(({ key, isTyped }) => {
      const fresh = this.kept.fresh(key, isTyped);
      if (fresh !== undefined) counts.set(key, fresh);
      return fresh === undefined;
    });
    const held = relied && this.heldOf(of, open, relied);
    if (held !== undefined) {
      for (const [key, count] of held.counts) counts.set(key, count);
      return { sums: sumsOf(scope, counts, NO_PINS, held.rows), missing };
    }
    if (open.length > 0) {
      const joined = new Set(open.flatMap(({ key }) => this.flights.get(key) ?? []));
      const own = open.filter(({ key }) => !this.flights.has(key));
      const flights = own.length === 0 ? [...joined] : [...joined, this.fly(of, own, bounds)];
      const landed = Promise.all(flights);
      (await bounds.deadline.race(landed, 'counting words')).forEach(take);
      // The answer to another's question may be older than this one.
      const again = open.filter(
        ({ key, isTyped }) =>
          isTyped && counts.get(key)?.df === 0 && !own.some((q) => q.key === key),
      );
      if (again.length > 0)
        take(await bounds.deadline.race(this.fly(of, again, bounds), 'counting'));
    }
    return { sums: sumsOf(scope, counts, NO_PINS, relied), missing };
  }

  /** Counts of rows as they were before, where all are, and of the same; a round is made for all or none. */
  private heldOf(
    { targets }: CountedTenant,
    open: readonly Question[],
    relied: RowStates,
  ): { counts: ReadonlyMap<string, KeptCount>; rows: RowStates } | undefined {
    const counts = new Map<string, KeptCount>();
    const groups = targets.map(({ group }) => group);
    let rows: RowStates | undefined = relied;
    for (const { key } of open) {
      const held = this.kept.held(key);
      rows = held && areOf(held.rows, groups) ? joined(rows, held.rows) : undefined;
      if (held === undefined || rows === undefined) return undefined;
      counts.set(key, held);
    }
    return { counts, rows };
  }

  /** As it is now; with `pin`, each shard keeps what it counted, for a search that names it. */
  async countNow(
    of: CountedTenant,
    asked: WordQuestions,
    { signal, deadline, span }: FanOutBounds,
    pin: boolean,
  ): Promise<Counted> {
    const scope = scopeOf(of);
    const answered = await this.ask(of, questionsOf(asked, scope), deadline, {
      ...{ signal, span, pin },
    });
    return { sums: sumsOf(scope, answered.counts, answered.pins), missing: answered.missing };
  }

  /** A round that others may join: it ends by its own deadline, whoever goes away, or has no time. */
  private fly(
    of: CountedTenant,
    open: readonly Question[],
    bounds: FanOutBounds,
  ): Promise<Answered> {
    const deadline = Deadline.after(Math.max(LEAST_FLIGHT_MS, bounds.deadline.remainingMs()));
    const flight = this.ask(of, open, deadline, { span: bounds.span }).finally(() => {
      for (const { key } of open) if (this.flights.get(key) === flight) this.flights.delete(key);
    });
    for (const { key } of open) this.flights.set(key, flight);
    return flight;
  }

  private async ask(
    of: CountedTenant,
    open: readonly Question[],
    deadline: Deadline,
    { signal, span, pin = false }: CountOptions = {},
  ): Promise<Answered> {
    const asked: Asked = { words: [], near: [], pairs: [], prefix: undefined };
    for (const question of open) question.add(asked);
    const asOfMs = this.now();
    const answers = new Map<string, ReadonlyMap<string, Count>>();
    const unsure = new Set<string>();
    const pins = new Map<string, Pinned>();
    const rows = new Map<string, string>();
    const missing: MissingPart[] = [];
    const askOne = async (target: ShardTarget): Promise<void> => {
      const { group } = target;
      try {
        const patience = Deadline.after(
          pin ? shareMs(deadline) : this.patienceMs(of, group, open, deadline),
        );
        const message = messageOf(of, asked, pin, deadline.remainingMs());
        const place = { counter: of.placement, target, stickyKey: of.stickyKey };
        const { node, answer: counted } = await askForCounts(this.deps, message, place, {
          deadline: patience,
          signal,
          span,
        });
        answers.set(group, answersOf(asked, counted, scopeOf(of)));
        if (!isComplete(counted)) unsure.add(group);
        if (counted.rows !== undefined) rows.set(group, counted.rows);
        if (counted.searcher !== undefined) pins.set(group, { node, searcher: counted.searcher });
        if (counted.timedOut && pin) missing.push(...missingOf(target, 'timeout'));
        else if (!counted.ready && pin) missing.push(...missingOf(target, 'not_ready'));
      } catch (error) {
        if (error instanceof PlacementReshaped) throw error;
        missing.push(...missingOf(target, reasonOf(error)));
      }
    };
    const [only] = of.targets;
    if (only !== undefined && of.targets.length === 1) await askOne(only);
    else await Promise.all(of.targets.map(askOne));

    const shards = of.targets.map(({ group }) => group);
    const counts = new Map<string, KeptCount>();
    const known = rows.size === shards.length ? rows : undefined;
    for (const { key } of open) {
      const parts = new Map<string, Count>();
      for (const [shard, counted] of answers) {
        const part = counted.get(key);
        if (part !== undefined) parts.set(shard, part);
      }
      counts.set(key, this.kept.put(key, asOfMs, shards, { parts, unsure, rows: known }));
    }
    return { counts, missing, pins };
  }

  private patienceMs(
    { searched }: CountedTenant,
    group: string,
    open: readonly Question[],
    deadline: Deadline,
  ): number {
    const ms = shareMs(deadline);
    if (!searched.some((target) => target.group === group)) return Math.min(ASIDE_PATIENCE_MS, ms);
    const isKnown = open.every(({ key }) => this.kept.hasPart(key, group));
    return isKnown ? Math.min(KNOWN_PATIENCE_MS, ms) : ms;
  }
}

const NO_PINS: ReadonlyMap<string, Pinned> = new Map();

function shareMs(deadline: Deadline): number {
  return deadline.remainingMs() * COUNT_SHARE;
}

/** Its first part is of no other tenant: a name has no line breaks. */
function scopeOf({ tenant, generation, within }: CountedTenant): string {
  return `${tenant}\n${generation}\n${within === undefined ? '' : `${digest(within.version)}\n`}`;
}

function sumsOf(
  scope: string,
  counts: ReadonlyMap<string, KeptCount>,
  pins: ReadonlyMap<string, Pinned>,
  relied?: RowStates,
): WordSums {
  let isApproximate = false;
  let basis: RowStates | undefined = NO_STATES;
  for (const count of counts.values()) {
    isApproximate ||= count.isApproximate;
    basis = basis && count.rows && joined(basis, count.rows);
  }
  return new WordSums(scope, counts, isApproximate, pins, { relied: relied ?? NO_STATES, basis });
}

function isComplete({ ready, timedOut }: WordCounts): boolean {
  return ready && !timedOut;
}

function messageOf(
  { tenant, model, generation, within }: CountedTenant,
  { words, near, pairs, prefix }: Asked,
  pin: boolean,
  budgetMs: number,
): CountMessage {
  return {
    ...{ tenant, model, analyzer: ANALYZER_VERSION, generation, words, budgetMs },
    ...(near.length === 0 ? {} : { near }),
    ...(pairs.length === 0 ? {} : { pairs }),
    ...(prefix === undefined ? {} : { prefix }),
    ...(within === undefined ? {} : { within: within.filter }),
    ...(pin ? { pin } : {}),
  };
}
