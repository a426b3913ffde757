import { getPriority, setPriority } from 'node:os';

/**
 * How far threads give way on a machine with few cores: whoever answers requests comes first. The
 * model's arithmetic and a shard's long scans share what is left evenly, so that a scan of one tenant
 * does not hold up the words of another; building segments has time.
 */
export const NICENESS = { embedding: 2, shard: 2, building: 10, backup: 10 };

/** Makes the calling thread as nice as that, if it is not nicer. Linux alone keeps a niceness a thread. */
export function beNice(niceness: number): void {
  if (process.platform !== 'linux') return;
  try {
    if (getPriority() < niceness) setPriority(niceness);
  } catch {
    // Where the system does not allow it, all are alike.
  }
}
