import type { PlanStep } from '../protocol/messages.js';

/** What a step is about: its plan and what was known before it ran. */
export type PlannedStep = Pick<PlanStep, 'block' | 'categories' | 'plan' | 'rows' | 'matches'> &
  Partial<Pick<PlanStep, 'ef' | 'candidates'>>;

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

  /** Runs one step; `run` returns whether its hits stand, or another plan has to follow. */
  step(planned: PlannedStep, run: () => boolean): boolean {
    const { rowsScanned, rescored } = this;
    const startedMs = performance.now();
    const stands = run();
    this.steps.push({
      ...planned,
      rowsScanned: this.rowsScanned - rowsScanned,
      rescored: this.rescored - rescored,
      tookUs: Math.round((performance.now() - startedMs) * 1_000),
      gaveUp: !stands,
    });
    return stands;
  }
}
