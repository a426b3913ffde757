import type { Budget } from '../../core/budget.js';
import type { PlanStep } from '../../query/leaf-result.js';

/** What of a step is known before it runs. */
export type PlannedStep = Omit<PlanStep, 'rowsScanned' | 'rescored' | 'tookUs' | 'gaveUp'>;

/** Does one step of a search, and takes it down where somebody asked. */
export async function traced<T>(
  trace: SearchTrace | undefined,
  planned: () => PlannedStep,
  budget: Budget,
  work: () => Promise<T>,
): Promise<T> {
  if (trace === undefined) return work();
  const done: T[] = [];
  await trace.step(planned(), budget, async () => {
    done.push(await work());
    return undefined;
  });
  return done[0] as T;
}

/** Steps that are told one by one: a search of thousands of categories may have as many. */
const MAX_STEPS = 64;

/** Takes down what a search does, step by step. A search that nobody asks about has none. */
export class SearchTrace {
  readonly steps: PlanStep[] = [];
  private rowsScanned = 0;
  private rescored = 0;

  /** A kernel compared the query with so many rows. */
  scanned(rows: number): void {
    this.rowsScanned += rows;
  }

  /** A candidate was scored from its stored vector. */
  scored(): void {
    this.rescored += 1;
  }

  /** Runs one step; `run` returns undefined where its hits stand, else another has to follow. */
  async step<T>(
    planned: PlannedStep,
    budget: Budget,
    run: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const { rowsScanned, rescored } = this;
    const startedMs = performance.now() - budget.awayMs;
    const left = await run();
    if (this.steps.length >= MAX_STEPS) return left;
    this.steps.push({
      ...planned,
      rowsScanned: this.rowsScanned - rowsScanned,
      rescored: this.rescored - rescored,
      tookUs: Math.round((performance.now() - budget.awayMs - startedMs) * 1_000),
      gaveUp: left !== undefined,
    });
    return left;
  }
}
