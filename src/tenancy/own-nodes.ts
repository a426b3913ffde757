import { shardsOf } from './plan.js';
import type { PlanBook } from './plan-book.js';
import { isGone, type TenantDirectory } from './tenant-directory.js';

const PAGE_TENANTS = 200;

/** A tenant that is to have nodes of its own. */
interface NodeWish {
  tenant: string;
  count: number;
  /** Those that it gets where they may be had. */
  named: readonly string[];
}

/** What a tenant has of nodes that are its alone. */
export interface OwnNodes {
  /** As many as its plan says. */
  shards: number;
  nodes: string[];
  /** So many further nodes it waits for. */
  missing: number;
}

/** The nodes that are one tenant's alone, which the cluster gives. */
export interface OwnNodesPort {
  /** Plans may say something else by now: nodes are given and taken, and what lies on them begins to move. Never rejects. */
  changed(): Promise<void>;
  of(tenant: string): Promise<Pick<OwnNodes, 'nodes' | 'missing'>>;
}

/** All tenants whose plans say that nodes are theirs alone, as it is stored now. */
export async function nodeWishes(
  tenants: Pick<TenantDirectory, 'list'>,
  plans: Pick<PlanBook, 'list'>,
): Promise<NodeWish[]> {
  const dedicated = new Map((await plans.list()).map((plan) => [plan.name, plan]));
  for (const [name, plan] of dedicated) if (shardsOf(plan) === 0) dedicated.delete(name);
  const wishes: NodeWish[] = [];
  for (let after: string | undefined; dedicated.size > 0;) {
    const page = await tenants.list(after, PAGE_TENANTS);
    for (const tenant of page) {
      const { id, plan: name } = tenant;
      const plan = name === undefined ? undefined : dedicated.get(name);
      if (plan === undefined || isGone(tenant)) continue;
      const { shards } = plan;
      const named = typeof shards === 'object' ? shards : [];
      wishes.push({ tenant: id, count: shardsOf(plan), named });
    }
    after = page.at(-1)?.id;
    if (page.length < PAGE_TENANTS) break;
    // Reads of some stores never leave the turn of the event loop that asks.
    await new Promise(setImmediate);
  }
  return wishes;
}
