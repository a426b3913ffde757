import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLmdbReader } from '../../src/store/lmdb/open.js';
import { nodeCommand, start, WRITER, type Child } from './children/start.js';
import { makeFolder } from './lmdb-fixture.js';

const children: Child[] = [];
let folder: Awaited<ReturnType<typeof makeFolder>>;

beforeEach(async () => {
  folder = await makeFolder();
});

afterEach(async () => {
  for (const child of children.splice(0)) await child.kill();
  await folder.remove();
});

function run(command: readonly string[]): Child {
  const child = start(command);
  children.push(child);
  return child;
}

/** Whether `strace` is here and may trace. */
const canTrace = succeeds(['strace', '-o', '/dev/null', 'true']);
const canLimit = succeeds(['prlimit', '--version']);

function succeeds([program = '', ...args]: readonly string[]): boolean {
  return spawnSync(program, args).status === 0;
}

/** What a line of strace says of flushes and acknowledgements. */
type TraceEvent = 'flush begins' | 'flush ends' | 'ack';

function traceEvents(trace: string): TraceEvent[] {
  return trace.split('\n').flatMap((line): TraceEvent[] => {
    if (line.includes('write(1, "ack ')) return ['ack'];
    if (/f(data)?sync\(.*unfinished/.test(line)) return ['flush begins'];
    if (/f(data)?sync resumed/.test(line)) return ['flush ends'];
    if (/f(data)?sync\(/.test(line)) return ['flush begins', 'flush ends'];
    return [];
  });
}

describe('the durability of the LMDB store', () => {
  it.skipIf(!canTrace)(
    'acknowledges a write only after it was flushed (needs strace that may trace)',
    async () => {
      const log = join(folder.dir, 'trace');
      // Each flush takes 100 ms longer: an acknowledgement that does not wait comes before its end.
      const strace = ['strace', '-f', '-o', log, '-e', 'trace=fdatasync,fsync,write'];
      strace.push('-e', 'inject=fdatasync,fsync:delay_exit=100000');
      const writer = ['--dir', join(folder.dir, 'store'), '--batches', '5'];
      const child = run([...strace, ...nodeCommand(WRITER, writer)]);
      await child.line('done');
      await child.end();
      const events = traceEvents(await readFile(log, 'utf8'));
      expect(events.filter((event) => event === 'ack')).toHaveLength(5);
      let flushing = 0;
      let flushedSinceAck = 0;
      for (const event of events) {
        if (event === 'flush begins') flushing += 1;
        else if (event === 'flush ends') {
          flushing -= 1;
          flushedSinceAck += 1;
        } else {
          expect({ flushing, flushed: flushedSinceAck > 0 }).toEqual({
            flushing: 0,
            flushed: true,
          });
          flushedSinceAck = 0;
        }
      }
    },
  );

  it.skipIf(!canLimit)(
    'rejects a write that does not fit on the disk, applies nothing of it, and recovers (needs prlimit)',
    async () => {
      const dir = join(folder.dir, 'store');
      const writer = ['--dir', dir, '--batches', '60', '--descriptionBytes', '20000'];
      writer.push('--retryMs', '20');
      // A limit on the size of files fails writes as a full disk does.
      const limit = ['prlimit', `--fsize=${2 * 1024 * 1024}:unlimited`];
      const child = run([...limit, ...nodeCommand(WRITER, writer)]);
      const failed = (await child.line('failed')).split(' ');
      expect(failed[2]).toBe('unavailable');
      const batch = Number(failed[1]);
      expect(child.acknowledged().at(-1)).toBe(batch - 1);
      const reader = await openLmdbReader({ dir });
      const [last, none] = await reader.documents('shop', [`p-${batch - 1}-4`, `p-${batch}-0`]);
      expect(last).toBeDefined();
      expect(none).toBeUndefined();
      const lifted = ['prlimit', '--pid', String(child.pid), '--fsize=unlimited'];
      expect(succeeds(lifted)).toBe(true);
      await child.line('done');
      expect(child.acknowledged()).toHaveLength(60);
      // The first product of each batch but the last two is deleted.
      expect(await reader.productCount()).toBe(60 * 5 - 58);
      await reader.close();
    },
  );
});
