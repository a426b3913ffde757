/** The connections of a node to a store beyond it. */
export interface StoreConnections {
  idle: number;
  inUse: number;
  /** Operations that wait for one. */
  waiting: number;
}

/** What is known of the servers of a store beyond this machine. */
export interface StoreServers {
  /** Connections to each of them that a process may open. */
  limit: number;
  /** How far the secondary that is furthest behind is behind the primary; undefined: there is none, or it does not say. */
  lagSeconds: number | undefined;
}
