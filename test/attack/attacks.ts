import type { Attack } from './attack.js';
import {
  abandonedBatches,
  endlessUploads,
  hugeProduct,
  invalidRows,
  largeReplies,
  unreadAnswers,
} from './request-attacks.js';
import { frozenShard, waitsOnFrozenShard } from './shard-attacks.js';

/** All of them but the one that needs the server stopped, in the order in which they run. */
export const ATTACKS: readonly Attack[] = [
  invalidRows,
  unreadAnswers,
  endlessUploads,
  hugeProduct,
  abandonedBatches,
  frozenShard,
  waitsOnFrozenShard,
  largeReplies,
];
