/** The connections of a node to a store beyond it. */
export interface StoreConnections {
  idle: number;
  inUse: number;
  /** Operations that wait for one. */
  waiting: number;
  /** As many may be open. */
  limit: number;
}
