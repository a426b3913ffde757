import type { Budget } from '../../../core/budget.js';
import type { FacetCounts, LeafView, LeafViewResult } from '../../../query/result-set.js';
import { FacetCounter } from '../facets/facet-counter.js';
import { groupHits } from '../groups/group-hits.js';
import { traced } from '../search-trace.js';
import { describePart } from './block.js';
import { BlockScores } from './block-scores.js';
import { Matches } from './matches.js';
import { nearest } from './nearest.js';
import { byScore, bySort, isByScore, type OrderTask } from './ordered.js';
import { hasWords, needsScores, type ViewRequest } from './view-request.js';
import type { Ordered, ViewTask } from './view-task.js';

/** Each boost may double the sets of rows that are searched one by one: of more than so many, rows are scored. */
const MAX_SPLITTING = 4;

/** The hits of a view, with their groups where it has any. */
interface ViewOrder extends Ordered {
  groups?: LeafViewResult['groups'];
}

/** What a view came to. */
export interface ViewFound extends ViewOrder {
  total: number;
  facets: FacetCounts[] | undefined;
}

/** Finds what the views of a search ask for, once it is known which rows they show. */
export class Looking {
  readonly matches: Matches;
  private readonly scores: BlockScores;
  private readonly isText: boolean;

  constructor(
    private readonly request: ViewRequest,
    private readonly budget: Budget,
  ) {
    this.isText = hasWords(request.text);
    this.matches = new Matches(budget);
    this.scores = this.newScores();
  }

  async all(tasks: readonly ViewTask[]): Promise<ViewFound[]> {
    for (const { view, parts } of tasks) {
      if (needsScores(view)) {
        const k = isByScore(view.sort) ? view.k : 0;
        for (const part of parts) this.scores.want(part, k);
      }
    }
    try {
      const ordered = await this.order(tasks);
      const found: ViewFound[] = [];
      for (const [i, task] of tasks.entries()) {
        const facets = await this.facets(task);
        found.push({ ...(ordered[i] as ViewOrder), total: task.total, facets });
      }
      return found;
    } finally {
      this.scores.release();
    }
  }

  private async order(tasks: readonly ViewTask[]): Promise<ViewOrder[]> {
    const found = new Map<ViewTask, ViewOrder>();
    const scored = tasks.filter(({ view }) => view.group === undefined && this.isScored(view));
    const best = await byScore(scored.map(orderOf), this.scores, this.budget);
    scored.forEach((task, i) => found.set(task, best[i] as Ordered));
    for (const task of tasks) {
      if (!found.has(task)) found.set(task, await this.orderOne(task));
    }
    return tasks.map((task) => found.get(task) as ViewOrder);
  }

  private async orderOne(task: ViewTask): Promise<ViewOrder> {
    const { view, total } = task;
    const firstOf = (some: OrderTask): Promise<Ordered> => this.firstOf(some, view);
    if (view.group !== undefined) {
      return groupHits(orderOf(task), view.group, firstOf, this.budget);
    }
    return view.k === 0 ? { hits: [], more: total > 0 } : firstOf(orderOf(task));
  }

  /** The first of some of a view's rows. */
  private async firstOf(task: OrderTask, view: LeafView): Promise<Ordered> {
    if (!isByScore(view.sort)) {
      const scoresOfHits = (): BlockScores => this.newScores();
      return bySort(task, this.scores, scoresOfHits, this.budget, this.request.trace);
    }
    if (this.isScored(view)) {
      const [best] = await byScore([task], this.scores, this.budget);
      return best as Ordered;
    }
    const { parts, k } = task;
    const { vector, boosts, exact, costs, trace, hidden, within } = this.request;
    const isPart = view.filter !== undefined || hidden !== undefined || within !== undefined;
    const filtered = isPart || view.group !== undefined;
    const run = { vector: vector as Float32Array, k, ef: 0, exact, filtered, costs, trace };
    const found = await nearest(parts, boosts, { ...run, budget: this.budget }, this.matches);
    if (view.sort === undefined) return found;
    return { ...found, keys: found.hits.map(({ score }) => [score]) };
  }

  /** Whether each row is scored by itself: where vectors alone count, there are faster ways to the first hits. */
  private isScored({ k, sort, after }: LeafView): boolean {
    const { vector, set, boosts } = this.request;
    if (k === 0 || !isByScore(sort)) return false;
    if (this.isText || vector === undefined || set !== undefined) return true;
    return after !== undefined || boosts.length > MAX_SPLITTING;
  }

  private async facets({ view, parts }: ViewTask): Promise<FacetCounts[] | undefined> {
    if (view.facets === undefined) return undefined;
    const { budget, request } = this;
    const counters = view.facets.map((query) => ({
      query,
      counter: new FacetCounter(query, budget),
    }));
    for (const { block, rows } of parts) {
      const count = async (): Promise<void> => {
        for (const { query, counter } of counters) {
          if (budget.isSpent()) break;
          await counter.add(block.columns.get(query.field) ?? [], rows);
        }
      };
      await traced(request.trace, () => describePart(block, 'facets', rows), budget, count);
    }
    const counts: FacetCounts[] = [];
    for (const { counter } of counters) counts.push(await counter.counts());
    return counts;
  }

  private newScores(): BlockScores {
    const { vector, boosts } = this.request;
    const weights = boosts.map(({ weight }) => weight);
    const scoring = { isText: this.isText, vector, weights };
    return new BlockScores(scoring, boosts, this.matches, this.budget, this.request.trace);
  }
}

function orderOf({ view, parts }: ViewTask): OrderTask {
  return { ...view, parts };
}
