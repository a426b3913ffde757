import type { PlanStep } from '../protocol/messages.js';
import type { Block } from './block.js';
import type { LeafQuery } from './leaf-hit.js';
import type { Step } from './search-plan.js';

type PlannedStep = Omit<PlanStep, 'rowsScanned' | 'rescored' | 'tookUs' | 'gaveUp'>;

/** Categories named one by one in an explanation. */
const MAX_NAMED = 8;

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
  step<T>(planned: PlannedStep, run: () => T | undefined): T | undefined {
    const { rowsScanned, rescored } = this;
    const startedMs = performance.now();
    const left = run();
    this.steps.push({
      ...planned,
      rowsScanned: this.rowsScanned - rowsScanned,
      rescored: this.rescored - rescored,
      tookUs: Math.round((performance.now() - startedMs) * 1_000),
      gaveUp: left !== undefined,
    });
    return left;
  }
}

/** What a step is about, known before it runs. */
export function describeStep(block: Block, step: Step, { ef, exact }: LeafQuery): PlannedStep {
  const { selection, graph, width, costUs } = step;
  const names = selection.ranges?.map(({ category }) => category) ?? null;
  const categories = names !== null && names.length > MAX_NAMED ? names.length : names;
  const about = { block: block.name, categories, matches: selection.count };
  if (exact) return { ...about, plan: 'exact', rows: block.rows };
  const estimatedUs = Math.round(costUs);
  if (graph === undefined) return { ...about, plan: 'scan', rows: block.rows, estimatedUs };
  const plan = width > ef ? 'widened' : 'graph';
  return { ...about, plan, rows: graph.size, ef, candidates: width, estimatedUs };
}
