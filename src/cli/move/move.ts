import type { Deployment } from './deployment.js';

/** Why a move can not go on, for people. */
export class MoveError extends Error {
  override readonly name = 'MoveError';
}

export interface Move {
  tenant: string;
  /** What the balancer calls the deployment that it is moved to. */
  name: string;
  from: Deployment;
  to: Deployment;
  /** Has the balancer send the tenant there; undefined: somebody else does. */
  route: (() => Promise<void>) | undefined;
  say: (line: string) => void;
  /** For tests. */
  settleMs?: number;
}

/** Whether two addresses are of one server. */
export function isSame(a: string, b: string): boolean {
  return new URL(a).origin === new URL(b).origin;
}
