/** The secondaries of a store, from which joins may read. */
export interface StoreReplicas {
  /** Joins may read what is so far behind; undefined: the primary alone. */
  readonly maxLagMs: number | undefined;
  /** How far behind each is, as of the latest look; none while none is read. */
  readonly lags: readonly ReplicaLagOf[];
  /** Has joins go by another bound from now on. */
  follow(maxLagMs: number | undefined): void;
}

export interface ReplicaLagOf {
  /** `HOST:PORT`. */
  server: string;
  lagMs: number;
}
