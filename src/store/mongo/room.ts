import type { WriteStatus } from '../store.js';
import type { Plan } from './plan.js';
import type { PreparedWrite } from './prepare.js';
import type { Claim } from './sequence.js';

type Step = Pick<Plan, 'before' | 'after'>;

/** By how many products the tenant has more once a plan is applied. */
export function productsAdded({ before, after }: Step): number {
  if (after === undefined) return 0;
  return Number(!after.head.deleted) - Number(before?.deleted === false);
}

/** What new products need room for; undefined where their number has no bound. */
export function claimOf(plans: readonly Step[]): Claim | undefined {
  const bounds = plans.flatMap(({ after }) => after?.maxProducts ?? []);
  if (bounds.length === 0) return undefined;
  return { wanted: plans.filter(needsRoom).length, maxProducts: Math.min(...bounds) };
}

function needsRoom(plan: Step): boolean {
  return plan.after?.maxProducts !== undefined && productsAdded(plan) > 0;
}

/** In the order of their writes, as many new products as there is room for. */
export function withRoom<P extends Step>(plans: readonly P[], room: number): P[] {
  let left = room;
  return plans.filter((plan) => !needsRoom(plan) || left-- > 0);
}

/** What becomes of the writes of a plan for which there is no room: nothing of it is there. */
export function statusesWithoutRoom(plan: Plan, writes: readonly PreparedWrite[]): WriteStatus[] {
  return plan.statuses.map((status, i) => {
    if (status !== 'applied' && status !== 'unchanged') return status;
    const place = plan.places[i] ?? 0;
    return writes[place]?.write.op === 'delete' ? 'missing' : 'full';
  });
}

/** Ids of those of `all` that are not among `some`. */
export function idsBeside(some: readonly Plan[], all: readonly Plan[]): Set<string> {
  const among = new Set(some);
  return new Set(all.flatMap((plan) => (among.has(plan) ? [] : [plan.id])));
}
