import type { Dedicator } from '../cluster/dedicator.js';
import type { JobKind } from './job.js';

/** The job that has tenants lie on nodes of their own as their plans say. */
export const DEDICATE_NODES = 'nodes of single tenants';

const EVERY_MS = 30_000;
/** What is under way is looked at so often. */
const AGAIN_MS = 1_000;

export interface DedicateDeps {
  dedicator: Pick<Dedicator, 'step'>;
}

/** While no tenant has nodes of its own, or waits for some, it reads no placement. What it begins is ended by `SETTLE_REPLICAS`. */
export function dedicateNodes({ dedicator }: DedicateDeps): JobKind {
  return {
    everyMs: EVERY_MS,
    run: async (work) => {
      if (await dedicator.step()) work.comeBack(AGAIN_MS);
    },
  };
}
