/** Where a shard process can be reached, as it said of itself. */
export interface ShardRegistration {
  shard: string;
  /** As query nodes connect to it. */
  address: string;
  /** Epoch ms. */
  registeredAtMs: number;
}

/** The shards of a cluster, for stores that more than one machine can reach. */
export interface ShardDirectory {
  /** From now on `shard` is at `address`. */
  register(shard: string, address: string): Promise<void>;
  list(): Promise<ShardRegistration[]>;
}
