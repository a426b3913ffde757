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
  // Its bar is of the memory that it takes, not of what the others have taken before.
  largeReplies,
  invalidRows,
  unreadAnswers,
  endlessUploads,
  hugeProduct,
  abandonedBatches,
  frozenShard,
  waitsOnFrozenShard,
];
