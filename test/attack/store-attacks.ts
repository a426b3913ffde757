import { cp, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChildServer, freePort } from '../../bench/lib/child-server.js';
import { JsonClient } from '../../bench/lib/client.js';
import { REPOSITORY } from '../../bench/lib/paths.js';
import { Random } from '../../bench/lib/random.js';
import { finding, type Attack } from './attack.js';

const PAGE_BYTES = 4_096;
const START_TIMEOUT_MS = 60_000;

/** One flipped byte in a random page of the store, each on a copy of its own. */
export const flippedBytes: Attack = {
  name: 'one flipped byte in random pages of data.mdb',
  async run(target, seconds) {
    const rounds = Math.max(3, Math.min(50, Math.round(seconds * 2)));
    const random = new Random(7, 'pages');
    const seen = { ready: 0, ended: 0, neither: 0 };
    const problems: string[] = [];
    await target.server.restart('stop', async () => {
      for (let round = 0; round < rounds; round++) {
        const copy = `${target.server.dataDir}-copy`;
        await cp(target.server.dataDir, copy, { recursive: true });
        const at = await flip(join(copy, 'store', 'data.mdb'), random);
        const outcome = await startOn(copy);
        seen[outcome.kind] += 1;
        if (outcome.kind === 'neither') problems.push(`byte ${at}: ${outcome.said}`);
        await rm(copy, { recursive: true, force: true });
      }
    });
    return [
      finding('ready, or ended with a line', seen.neither === 0, JSON.stringify(seen)),
      ...problems.slice(0, 5).map((problem) => finding('what was seen', false, problem)),
    ];
  },
};

async function flip(file: string, random: Random): Promise<number> {
  const pages = Math.floor((await stat(file)).size / PAGE_BYTES);
  const at = (2 + random.below(pages - 2)) * PAGE_BYTES + random.below(PAGE_BYTES);
  const handle = await open(file, 'r+');
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, at);
  buffer[0] = (buffer[0] ?? 0) ^ (1 << random.below(8));
  await handle.write(buffer, 0, 1, at);
  await handle.close();
  return at;
}

interface Start {
  kind: 'ready' | 'ended' | 'neither';
  said: string;
}

async function startOn(dataDir: string): Promise<Start> {
  const port = await freePort();
  const main = join(REPOSITORY, 'dist', 'cli', 'main.js');
  const args = [main, 'up', '--port', `${port}`, '--data-dir', dataDir, '--shards', '2'];
  const child = ChildServer.start(process.execPath, args, { name: 'up on a damaged store' });
  const client = new JsonClient(`http://127.0.0.1:${port}`, 5_000, 4);
  try {
    await child.waitUntil(
      async () => (await client.get('/readyz')).status === 200,
      START_TIMEOUT_MS,
    );
    return { kind: 'ready', said: '' };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const ended = said.includes('ended while starting') && !said.includes('    at ');
    return { kind: ended ? 'ended' : 'neither', said: said.slice(-400) };
  } finally {
    await client.close();
    await child.kill().catch(() => undefined);
    await sleep(100);
  }
}
