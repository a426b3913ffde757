import type { NodeCalls } from './replicas/node-calls.js';
import type { NodeState } from './replicas/replica-calls.js';
import type { CallCounts } from './replicas/running-call.js';

/** How the shards do, as the requests of this process see them, since its start. */
export interface FleetFigures {
  counts: Readonly<CallCounts>;
  /** How requests ended, by node. */
  ended: ReadonlyMap<string, NodeCalls>;
  nodes: readonly NodeState[];
  /** What the latest question of its state took, milliseconds by node; missing where it was not answered. */
  roundTripsMs: ReadonlyMap<string, number>;
}
