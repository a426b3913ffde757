import type { FillHistory } from '../cluster/fill-history.js';
import type { JobKind } from './job.js';

/** The job that notes once a day how full the nodes are. */
export const NOTE_FILL = 'fill of nodes';

/** More often than once a day: a node may be silent just then, and who looks is started again now and then. */
const EVERY_MS = 600_000;

export interface FillDeps {
  fill: Pick<FillHistory, 'note'>;
}

export function noteFill({ fill }: FillDeps): JobKind {
  return { everyMs: EVERY_MS, run: () => fill.note() };
}
