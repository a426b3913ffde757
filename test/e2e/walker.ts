import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Placed } from './cluster.js';
import { MAIN, runCommand } from './command.js';
import { killAtExit } from './kill-at-exit.js';
import type { Step } from './walk-steps.js';

const LIMIT_MS = 90_000;

/** A user's shell: commands one after the other, jobs in the background, variables. */
export class Walker {
  private jobs: ChildProcess[] = [];
  private readonly env: Record<string, string>;

  constructor(
    /** Where the shop is. */
    readonly url: string,
    dir: string,
    /** What stands in this test for what the README has, such as a folder or a port. */
    private readonly stands: readonly (readonly [string, string])[],
  ) {
    this.env = {
      OMNISEARCH_URL: url,
      OMNISEARCH_DATA_DIR: dir,
      OMNISEARCH_LOG_LEVEL: 'warn',
      OMNISEARCH_PORT: new URL(url).port,
    };
  }

  /** Resolves with what it printed once it has ended, or, in the background, has begun. */
  async take({ commands, isBackground }: Step): Promise<string> {
    let printed = '';
    for (const command of commands) printed += await this.run(command.map(this.here), isBackground);
    return printed;
  }

  async stop(): Promise<void> {
    for (const job of this.jobs) job.kill('SIGTERM');
    await this.wait();
  }

  async partitions(): Promise<Placed[]> {
    const reply = await fetch(`${this.url}/admin/cluster`);
    return ((await reply.json()) as { partitions: Placed[] }).partitions;
  }

  private async run(words: readonly string[], isBackground: boolean): Promise<string> {
    const [program = '', ...rest] = words;
    const [first = ''] = rest;
    switch (program) {
      case 'export': {
        const [name = '', value = ''] = first.split('=');
        this.env[name] = value;
        return '';
      }
      case 'kill':
        await this.kill(Number(first.slice(1)));
        return '';
      case 'wait':
        await this.wait();
        return '';
      case 'curl':
        return this.get(first);
      case 'npx':
        return isBackground ? this.begin(rest.slice(1)) : this.runToEnd(rest.slice(1));
      default:
        throw new Error(`a walk has no ${program}`);
    }
  }

  private async runToEnd(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await runCommand(args, this.env);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`);
    return stdout;
  }

  /** The next command of a user comes when this one says that it is there, or a little later. */
  private async begin(args: readonly string[]): Promise<string> {
    const job = spawn(process.execPath, [MAIN, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...this.env },
    });
    killAtExit(job);
    this.jobs.push(job);
    let printed = '';
    job.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    if (args[0] !== 'up') return '';
    await this.until(`${args.join(' ')} is ready`, async () => printed.includes('is ready'));
    return printed;
  }

  private async kill(job: number): Promise<void> {
    const process = this.jobs[job - 1] as ChildProcess;
    process.kill('SIGTERM');
    await ended(process);
  }

  private async wait(): Promise<void> {
    await Promise.all(this.jobs.map(ended));
    this.jobs = [];
  }

  private async get(address: string): Promise<string> {
    let printed = '';
    await this.until(address, async () => {
      const reply = await fetch(`http://${address}`).catch(() => undefined);
      printed = (await reply?.text()) ?? '';
      return reply?.ok === true;
    });
    return printed;
  }

  /** Asks again until it is so. */
  async until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const endsAtMs = performance.now() + LIMIT_MS;
    while (!(await isSo())) {
      if (performance.now() > endsAtMs) throw new Error(`not within ${LIMIT_MS} ms: ${what}`);
      await sleep(250);
    }
  }

  private readonly here = (word: string): string =>
    this.stands.reduce((text, [name, own]) => text.replaceAll(name, own), word);
}

async function ended(process: ChildProcess): Promise<void> {
  if (process.exitCode === null && process.signalCode === null) await once(process, 'exit');
}
