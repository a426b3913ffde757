import type { Role } from '../../capacity/autoscale/policy.js';
import type { RoleSample } from '../../capacity/autoscale/sample.js';

/** A change that is to be made. */
export interface Order {
  role: Role;
  from: number;
  to: number;
  reason: string;
}

/** What is scaled: the processes of this machine, or hosts. */
export interface Ground {
  /** How a role does, since it was asked last. Rejects where nothing can be told. */
  sample(role: Role): Promise<RoleSample>;
  /** Begins a change. Rejects with what an operator can mend. */
  change(order: Order): Promise<void>;
  close?(): Promise<void>;
}
