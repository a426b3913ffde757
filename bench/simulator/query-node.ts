import { Deadline } from '../../src/core/deadline.js';
import { PlacementCache } from '../../src/placement/placement-cache.js';
import type { SearchLeafReply } from '../../src/protocol/messages.js';
import { fanOut, type FanOutQuery, type FanOutResult } from '../../src/search/fan-out.js';
import { planSearch, stickyKeyOf, type SearchPlan } from '../../src/search/plan.js';
import type { Asker, LeafAnswer } from '../../src/shard-client/leaf-calls.js';
import type { Served } from '../../src/shard-client/replicas/replica-call.js';
import {
  ReplicaCalls,
  type ReplicaCallsOptions,
} from '../../src/shard-client/replicas/replica-calls.js';
import type { TenantPlacement } from '../../src/store/store.js';
import { SimulatedConnection } from './connection.js';
import type { EventClock } from './event-clock.js';
import { EventLoop } from './event-loop.js';
import type { Host } from './host.js';
import { Kept } from './kept.js';
import type { SearchTimes, ServiceDraw, Stage } from './service-times.js';
import type { SimulatedShard } from './shard-node.js';

/** A storefront's search, and where it looks. */
export interface Question {
  tenant: string;
  placement: TenantPlacement;
  text: string;
  /** Absent: in all. */
  categories?: readonly string[] | undefined;
}

/** How a search ended, on the virtual clock. */
export interface Ended {
  tookMs: number;
  /** Nothing was found, because nobody answered. */
  hasFailed: boolean;
  /** Some node's part of it is not in the answer. */
  isPartial: boolean;
}

type FoundOf = Pick<FanOutResult, 'answered' | 'missing'>;

export interface QueryNodeParts {
  clock: EventClock;
  host: Host;
  shards: ReadonlyMap<string, SimulatedShard>;
  draw: ServiceDraw;
  /** Rows of a tenant on each node of a group. */
  rowsOf: (tenant: string, group: string) => number;
  replicas: Pick<ReplicaCallsOptions, 'random' | 'hedges'>;
}

/** A search has so long unless it says otherwise, and its stages so much of what is left: as in `src/search`. */
const TIMEOUT_MS = 1_000;
const FAN_OUT_SHARE = 0.9;
const SHARE: Record<Stage, number> = { words: 0.4, choose: 0.5, search: 1 };
/** Node's timers are no shorter; one of no time at all would ring for ever at one moment of a virtual clock. */
const LEAST_TIMER_MS = 1;
/** Of a query node's work on a search, what comes before its first request, and before its last. */
const READ_PART = 0.25;
const CHOOSE_PART = 0.15;

/**
 * A query node: the real plan, fan-out, choice of replicas, hedging and health, over connections and an event
 * loop of a model. What a search does between them is time that was measured.
 */
export class SimulatedQueryNode {
  readonly calls: ReplicaCalls;
  readonly loop: EventLoop;
  private readonly connections = new Map<string, SimulatedConnection>();
  private readonly placements: PlacementCache;
  private readonly words: Kept;
  private readonly choices: Kept;

  constructor(private readonly parts: QueryNodeParts) {
    const { clock, host, shards, replicas } = parts;
    this.loop = new EventLoop(host);
    this.words = new Kept(clock.now);
    this.choices = new Kept(clock.now);
    for (const [name, shard] of shards) {
      this.connections.set(name, new SimulatedConnection(clock, shard));
    }
    const to = (node: string): SimulatedConnection =>
      this.connections.get(node) as SimulatedConnection;
    this.calls = new ReplicaCalls(
      {
        isSilent: (node) => to(node).pulse.isSilent,
        heardAtMs: (node) => to(node).pulse.heardAtMs,
        probe: (node, deadline) => to(node).probe(deadline),
      },
      {
        now: clock.now,
        setTimer: (afterMs, wake) => clock.after(Math.max(LEAST_TIMER_MS, afterMs), wake),
        ...replicas,
      },
    );
    // Nothing moves while a scenario runs: what is asked of it is what was placed.
    const placement = { counter: 0, partitions: [] };
    this.placements = new PlacementCache({ placement: async () => placement }, clock.now);
  }

  /** Answers as `RootSearch` does, stage by stage. Never rejects. */
  async search(question: Question): Promise<Ended> {
    const { clock, draw, host } = this.parts;
    const startedMs = clock.now();
    const deadline = Deadline.after(TIMEOUT_MS, clock.now);
    const times = draw.next();
    const own = draw.own(times);
    await clock.sleep(own.waitMs / 2);
    await this.work(READ_PART * own.cpuMs);
    if (this.isNew(this.words, question)) await this.ask('words', question, times, deadline);
    const { embeddingMs } = times;
    // In a thread of its own.
    if (embeddingMs > 0) await new Promise<void>((done) => host.work(embeddingMs, done));
    const chosen = await this.choose(question, times, deadline);
    await this.work(CHOOSE_PART * own.cpuMs);
    const found = chosen.answered ? await this.ask('search', question, times, deadline) : chosen;
    await this.work((1 - READ_PART - CHOOSE_PART) * own.cpuMs);
    await clock.sleep(own.waitMs / 2);
    const isPartial = chosen.missing.length + found.missing.length > 0;
    return { tookMs: clock.now() - startedMs, hasFailed: !found.answered, isPartial };
  }

  /** The only node that has anything of a tenant chooses as it searches. */
  private async choose(
    question: Question,
    times: SearchTimes,
    deadline: Deadline,
  ): Promise<FoundOf> {
    const isOnly = planSearch(question.placement, undefined).targets.length === 1;
    if (isOnly || this.choices.knows(`${question.tenant}\n${question.text}`)) return KNOWN;
    return this.ask('choose', question, times, deadline);
  }

  private work(cpuMs: number): Promise<void> {
    return new Promise((done) => this.loop.do(cpuMs, done));
  }

  /** Whether any word of it has to be counted: all are asked for, so that all are known then. */
  private isNew(kept: Kept, { tenant, text }: Question): boolean {
    let isNew = false;
    for (const word of text.split(/\s+/)) {
      if (!kept.knows(`${tenant} ${word.toLowerCase()}`)) isNew = true;
    }
    return isNew;
  }

  private ask(
    stage: Stage,
    question: Question,
    times: SearchTimes,
    whole: Deadline,
  ): Promise<FoundOf> {
    const { tenant, placement, text, categories } = question;
    const { clock, draw, rowsOf } = this.parts;
    const costOf = draw.requests(times, stage);
    const plan: SearchPlan = planSearch(placement, stage === 'search' ? categories : undefined);
    const search = async (
      asked: { nodes: readonly string[]; stickyKey?: number | undefined },
      { group }: { group: string },
      deadline: Deadline,
      asker?: Asker,
    ): Promise<Served<LeafAnswer>> => {
      const rows = rowsOf(tenant, group);
      const call = {
        ...{ ...asked, kind: stage, isWhole: () => true },
        ask: async (node: string, until: Deadline, stop: AbortSignal | undefined) => {
          const connection = this.connections.get(node) as SimulatedConnection;
          await connection.ask(costOf(rows), until, stop);
          return HITS;
        },
      };
      return this.calls.call<LeafAnswer>(call, deadline, asker?.signal);
    };
    const query: FanOutQuery = {
      ...QUERY,
      tenant,
      stickyKey: stickyKeyOf({ tenant, query: text }),
    };
    const leftMs = whole.remainingMs() * FAN_OUT_SHARE * SHARE[stage];
    const deadline = Deadline.after(leftMs, clock.now);
    return fanOut({ search }, this.placements, plan, query, { deadline });
  }
}

const KNOWN: FoundOf = { answered: true, missing: [] };
const QUERY: Omit<FanOutQuery, 'tenant'> = { model: '', query: { exact: false, views: [] } };

/** Nothing of an answer but that it came. */
const HITS: SearchLeafReply = {
  type: 'hits',
  refused: [],
  counter: 0,
  tookMs: 0,
  timedOut: false,
  views: [],
};
