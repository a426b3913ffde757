import type { JsonObject } from '../core/product.js';
import { isAtRest } from '../placement/growth.js';
import type { Placed } from '../placement/move-off.js';
import { movedTo } from '../placement/reassign.js';
import type { Relief } from '../placement/relief.js';
import type { RecordStore } from '../store/record-store.js';
import type { Store } from '../store/store.js';
import type { Advisor } from './advisor.js';
import { notGone, type ClusterNodes } from './cluster-nodes.js';
import type { Mover } from './mover.js';
import type { Reshaper } from './reshaper.js';

/** The record of the step that is under way in the cluster: there is one at most. */
const STEP_KIND = 'placement step';
const STEP_ID = 'advice';
/** As whom the audit has it. */
const BY = 'auto';

interface Deps {
  records: RecordStore;
  store: Pick<Store, 'placement'>;
  advisor: Pick<Advisor, 'next'>;
  nodes: Pick<ClusterNodes, 'all'>;
  mover: Pick<Mover, 'change'>;
  reshaper: Pick<Reshaper, 'split'>;
}

/** What can be done at once. */
export type Step = Relief & { kind: 'move' | 'split' };

/** What a look comes to; `stuck`: a node is hot, and nothing can be done at once; `ended`: what was begun is over, and what came of it is to be seen first. */
export type Looked =
  { state: 'nothing' | 'stuck' | 'under way' | 'ended' } | { state: 'begun'; step: Step };

/** Does what the advisor says, one step at a time in the whole cluster. */
export class AdviceTaker {
  constructor(private readonly deps: Deps) {}

  /**
   * Begins the next step, where none is under way. It is remembered before it is begun: who dies in between has begun
   * nothing, and what comes next still waits.
   */
  async look(): Promise<Looked> {
    const { records, advisor } = this.deps;
    const stored = await records.get(STEP_KIND, STEP_ID);
    if (stored !== undefined) {
      if (await this.isMoving(stored.value)) return { state: 'under way' };
      await records.remove(STEP_KIND, STEP_ID, stored.revision);
      return { state: 'ended' };
    }
    const step = await advisor.next();
    if (step === undefined) return { state: 'nothing' };
    if (step.kind !== 'move' && step.kind !== 'split') return { state: 'stuck' };
    const { tenant, partition } = placedOf(step);
    const isMine = await records.put(STEP_KIND, STEP_ID, { tenant, partition: partition.id }, 0);
    if (!isMine) return { state: 'under way' };
    await (step.kind === 'move' ? this.move(step) : this.split(step));
    return { state: 'begun', step };
  }

  private async isMoving({ tenant, partition }: JsonObject): Promise<boolean> {
    if (typeof tenant !== 'string') return false;
    const { partitions } = await this.deps.store.placement(tenant);
    return partitions.some((each) => each.id === partition && !isAtRest(each));
  }

  /** Nothing moves where the partition is not any more what the step is about. */
  private async move({ move, hot }: Step & { kind: 'move' }): Promise<void> {
    const { tenant, partition, to } = move;
    const alive = notGone(await this.deps.nodes.all());
    await this.deps.mover.change(
      tenant,
      (partitions, counter) =>
        partitions.map((each) => {
          const isSame = each.id === partition.id && each.epoch === partition.epoch;
          if (!isSame || each.isPinned === true || !isAtRest(each)) return each;
          return { ...each, replicas: movedTo(to, each.replicas, alive, counter) };
        }),
      { by: BY, what: 'move', why: whyOf(hot) },
    );
  }

  private async split({ placed, hot }: Step & { kind: 'split' }): Promise<void> {
    const { tenant, partition } = placed;
    const { reshaper, mover } = this.deps;
    const order = { by: BY, what: 'split', why: whyOf(hot) };
    await reshaper.split(
      { tenant, partition: partition.id },
      (of, to) => mover.change(of, to, order),
      'isApart',
    );
  }
}

function whyOf({ node, cause, share }: Step['hot']): string {
  const percent = Math.round(share * 100);
  return cause === 'memory'
    ? `${node} has ${percent} % of its memory full`
    : `${node} is busy for ${percent} % of its time`;
}

/** What a step is about. */
export function placedOf(step: Step): Placed {
  return step.kind === 'move' ? step.move : step.placed;
}
