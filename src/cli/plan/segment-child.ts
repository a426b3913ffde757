/** Opens a segment as a shard does, in a process that has nothing else, and says what it takes there. */
import { setTimeout as sleep } from 'node:timers/promises';
import { collectGarbage } from '../../shard/build/garbage.js';
import { memoryOf } from './process-figures.js';
import { searchSegment, type SegmentTask } from './search-segment.js';

/** Pages go back to the system a moment after they are free. */
const SETTLE_MS = 200;

/** Undefined where there is no /proc. */
async function anonymous(): Promise<number | undefined> {
  // What only finalizers free goes with the second.
  for (let i = 0; i < 2; i++) {
    collectGarbage();
    await sleep(SETTLE_MS);
  }
  return memoryOf('self').then(
    (memory) => memory.anonymous,
    () => undefined,
  );
}

process.once('message', (task: SegmentTask) => {
  void (async () => {
    let heapBytes: number | undefined;
    const before = await anonymous();
    const cpuUs = await searchSegment(task, async () => {
      const after = await anonymous();
      if (before !== undefined && after !== undefined) heapBytes = after - before;
    });
    process.send?.({ cpuUs, heapBytes }, () => process.exit());
  })();
});
