import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ChildServer } from '../child-server.js';
import { runs } from '../program.js';

const FOLDER = fileURLToPath(new URL('../mongo-server/', import.meta.url));
const BUILT = join(FOLDER, 'target/built');
const BUILD_LIMIT_MS = 300_000;
const START_LIMIT_MS = 30_000;

/** A server of the operator's, in place of the one that tests start. */
export const MONGODB_URL = process.env['MONGODB_URL'];

/** Why no server can be started here; undefined when one can. */
export function whyNoServer(): string | undefined {
  if (MONGODB_URL !== undefined) return undefined;
  const missing = ['java', isBuilt() ? 'java' : 'mvn'].find((name) => !runs(name, '-version'));
  return missing && `needs MONGODB_URL, or ${missing} (JDK 17 and Maven) for a server of its own`;
}

/** The marker of a finished build is newer than what it was made of. */
function isBuilt(): boolean {
  if (!existsSync(BUILT)) return false;
  const sources = ['pom.xml', 'src/MongoTestServer.java'];
  const { mtimeMs } = statSync(BUILT);
  return sources.every((name) => statSync(join(FOLDER, name)).mtimeMs < mtimeMs);
}

/** It lives for seconds: to compile it well, and to collect on threads of its own, costs twice the CPU of all that it does. */
const SHORT_LIVED = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

/** A running test server: mongo-java-server on a file of its own. */
export class MongoServer extends ChildServer {
  private constructor(
    process: ChildProcess,
    readonly port: number,
    dir: string,
  ) {
    super(process, dir);
  }

  static async start(): Promise<MongoServer> {
    await build();
    const dir = await mkdtemp(join(tmpdir(), 'omnisearch-mongo-'));
    const { child, port } = await launch(0, dir);
    return new MongoServer(child, port, dir);
  }

  /** The URL of a database on it. */
  url(database: string): string {
    return `mongodb://127.0.0.1:${this.port}/${database}`;
  }

  override async restart(): Promise<void> {
    ({ child: this.process } = await launch(this.port, this.dir));
  }
}

async function launch(port: number, dir: string): Promise<{ child: ChildProcess; port: number }> {
  const classes = `${join(FOLDER, 'target/classes')}:${join(FOLDER, 'target/lib')}/*`;
  const program = ['-Xmx3g', '-cp', classes, 'MongoTestServer', String(port), join(dir, 'data')];
  const child = spawn('java', [...SHORT_LIVED, ...program], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  // Should this process be killed, its server must not stay.
  process.on('exit', () => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  const signal = AbortSignal.timeout(START_LIMIT_MS);
  const [line] = (await Promise.race([
    once(lines, 'line', { signal }),
    once(child, 'exit').then(() => Promise.reject(new Error('the MongoDB test server ended'))),
  ])) as [string];
  return { child, port: Number(line.split(' ')[1]) };
}

/** Builds it once, whichever test process comes first. */
async function build(): Promise<void> {
  const lock = join(FOLDER, 'target/lock');
  await mkdir(join(FOLDER, 'target'), { recursive: true });
  for (let waitedMs = 0; !isBuilt(); waitedMs += 200) {
    if (waitedMs > BUILD_LIMIT_MS) throw new Error(`${lock} is held: remove it`);
    if (await isFree(lock)) {
      try {
        const args = ['-q', '-B', '-f', FOLDER, 'process-classes'];
        if (!isBuilt()) execFileSync('mvn', args, { timeout: BUILD_LIMIT_MS });
        await writeFile(BUILT, '');
      } finally {
        await rmdir(lock);
      }
    } else await sleep(200);
  }
}

async function isFree(lock: string): Promise<boolean> {
  try {
    await mkdir(lock);
    return true;
  } catch {
    return false;
  }
}
