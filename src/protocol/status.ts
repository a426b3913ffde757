import type { ShardStatus } from '../core/shard-status.js';

/** From numbers that the shard keeps up to date: to answer takes no call of the store. */
export interface StatusReply extends ShardStatus {
  type: 'status';
  shard: string;
}
