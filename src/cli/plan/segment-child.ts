/** Opens a segment as a shard does, in a process that has nothing else, and says what it takes there. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { memoryOf } from './process-figures.js';
import { searchSegment, type SegmentTask } from './search-segment.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Undefined where there is no /proc. */
async function anonymous(): Promise<number | undefined> {
  collect();
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
