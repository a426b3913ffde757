import type { AwayNodes } from '../cluster/away-nodes.js';
import type { Logger } from '../core/logger.js';
import type { JobKind } from './job.js';

/** The job that empties nodes which are drained, or dead for good. */
export const REPLACE_NODES = 'replacing of nodes';

const EVERY_MS = 30_000;

export interface ReplaceDeps {
  away: Pick<AwayNodes, 'check'>;
  logger: Logger;
}

/** While nobody is drained or dead it reads no placement. What it begins is ended by `SETTLE_REPLICAS`. */
export function replaceNodes({ away, logger }: ReplaceDeps): JobKind {
  return {
    everyMs: EVERY_MS,
    run: async () => {
      const partitions = await away.check();
      if (partitions > 0) logger.info({ partitions }, 'partitions move off drained or dead nodes');
    },
  };
}
