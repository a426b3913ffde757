import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runs } from '../program.js';

const START_LIMIT_MS = 20_000;
const PAUSE_MS = 100;
const KEYS = { AWS_ACCESS_KEY_ID: 'tester', AWS_SECRET_ACCESS_KEY: 'tester-secret' };
const PLACES = [process.env['VERSITYGW'], 'versitygw', join(homedir(), 'go/bin/versitygw')];
const PROGRAM = PLACES.find((place) => place !== undefined && runs(place, '--version'));

/** Why no S3 server can be started here; undefined when one can. */
export function whyNoS3(): string | undefined {
  if (PROGRAM !== undefined) return undefined;
  return 'needs versitygw: go install github.com/versity/versitygw/cmd/versitygw@latest, or its path in VERSITYGW';
}

/** versitygw over a folder of its own, with one bucket. */
export class S3Server {
  private constructor(
    private readonly process: ChildProcess,
    private readonly dir: string,
    readonly endpoint: string,
    readonly env: Record<string, string>,
  ) {}

  static async start(): Promise<S3Server> {
    const dir = mkdtempSync(join(tmpdir(), 'omnisearch-s3-'));
    const port = await freePort();
    const keys = ['--access', KEYS.AWS_ACCESS_KEY_ID, '--secret', KEYS.AWS_SECRET_ACCESS_KEY];
    const args = ['--port', `127.0.0.1:${port}`, ...keys, '--region', 'us-east-1'];
    const child = spawn(PROGRAM as string, [...args, 'posix', dir], { stdio: 'ignore' });
    const server = new S3Server(child, dir, `http://127.0.0.1:${port}`, KEYS);
    await server.untilUp();
    return server;
  }

  private async untilUp(): Promise<void> {
    const { AwsClient } = await import('aws4fetch');
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = KEYS;
    const asked = { accessKeyId, secretAccessKey, service: 's3', region: 'us-east-1', retries: 0 };
    const client = new AwsClient(asked);
    for (const until = performance.now() + START_LIMIT_MS; performance.now() < until;) {
      const made = await client
        .fetch(`${this.endpoint}/shop`, { method: 'PUT' })
        .catch(() => undefined);
      if (made?.ok === true) return;
      await sleep(PAUSE_MS);
    }
    throw new Error('the S3 server does not start');
  }

  async stop(): Promise<void> {
    this.process.kill('SIGKILL');
    if (this.process.exitCode === null && this.process.signalCode === null) {
      await once(this.process, 'exit');
    }
    rmSync(this.dir, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}
