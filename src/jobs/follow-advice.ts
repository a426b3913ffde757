import { placedOf, type AdviceTaker, type Step } from '../cluster/advice-taker.js';
import type { Logger } from '../core/logger.js';
import type { JobKind } from './job.js';

/** The job that relieves nodes which are too full or too busy, where the settings have it do so. */
export const FOLLOW_ADVICE = 'relief of nodes';

const EVERY_MS = 5_000;
/** What is under way is looked at so often. */
const AGAIN_MS = 1_000;

export interface FollowDeps {
  taker: Pick<AdviceTaker, 'look'>;
  /** From the end of one step until it is seen whether there is a next one. */
  coolDownMs: number;
  logger: Logger;
}

/** One step at a time: a move is waited for, then what came of it. While no node is hot it reads no placement. */
export function followAdvice({ taker, coolDownMs, logger }: FollowDeps): JobKind {
  return {
    everyMs: EVERY_MS,
    run: async (work) => {
      const looked = await taker.look();
      if (looked.state === 'nothing') return;
      const isOver = looked.state === 'ended' || looked.state === 'stuck';
      work.comeBack(isOver ? coolDownMs : AGAIN_MS);
      if (looked.state === 'begun') logger.info(said(looked.step), 'a node is relieved');
      if (looked.state === 'ended') logger.info({ coolDownMs }, 'a step of relief is over');
    },
  };
}

function said(step: Step): object {
  const { hot, kind } = step;
  const { tenant, partition, rows } = placedOf(step);
  const to = step.kind === 'move' ? { to: step.move.to } : {};
  return { step: kind, ...hot, tenant, partition: partition.id, rows, ...to };
}
