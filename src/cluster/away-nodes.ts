import type { ClusterNode, ClusterNodes } from './cluster-nodes.js';
import type { NodeEmptier } from './node-emptier.js';

/** Nothing was found to be on nodes that do not answer: it is not looked for again that soon. */
const LOOK_AGAIN_MS = 600_000;

/**
 * Sees to what lies on nodes that are gone for good, or drained by somebody who ended before all was begun. While
 * there are none, and while drained ones say that they hold nothing, no placement is read.
 */
export class AwayNodes {
  /** Silent ones on which nothing was left to move. */
  private cleared = { names: '', atMs: -Infinity };

  constructor(
    private readonly nodes: Pick<ClusterNodes, 'all' | 'noteZones'>,
    private readonly emptier: Pick<NodeEmptier, 'emptyAway'>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** How many partitions began to move. */
  async check(): Promise<number> {
    await this.nodes.noteZones();
    const nodes = await this.nodes.all();
    if (!nodes.some(({ isAlive, isDrained }) => isAlive && !isDrained)) return 0;
    const away = nodes.filter(({ isGone, isDrained }) => isGone || isDrained);
    const silent = namesOf(away.filter(({ isAlive }) => !isAlive));
    const mayHold = away.some(({ isAlive, partitions }) => isAlive && partitions > 0);
    if (!mayHold && (silent === '' || this.isCleared(silent))) return 0;
    const moved = await this.emptier.emptyAway();
    if (moved === 0) this.cleared = { names: silent, atMs: this.now() };
    return moved;
  }

  private isCleared(silent: string): boolean {
    const { names, atMs } = this.cleared;
    return names === silent && this.now() - atMs < LOOK_AGAIN_MS;
  }
}

function namesOf(nodes: readonly ClusterNode[]): string {
  return nodes.map(({ node }) => node).join(',');
}
