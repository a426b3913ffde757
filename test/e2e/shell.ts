import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MAIN } from './command.js';
import { killAtExit } from './kill-at-exit.js';

const DONE = '--- all of it ---';

/** A user's bash, in a folder, with `npx omnisearch` as it was built here and a curl that asks until it is answered. */
export class Shell {
  private readonly bash: ChildProcess;
  private printed = '';

  constructor(dir: string, env: Record<string, string>) {
    const bin = join(dir, 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(
      join(bin, 'npx'),
      `#!/bin/sh\nshift\nexec "${process.execPath}" "${MAIN}" "$@"\n`,
    );
    chmodSync(join(bin, 'npx'), 0o755);
    const path = `${bin}:${process.env['PATH']}:/usr/sbin`;
    this.bash = spawn('bash', ['-e'], {
      cwd: dir,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env, PATH: path },
    });
    killAtExit(this.bash);
    for (const output of [this.bash.stdout, this.bash.stderr])
      output?.on('data', (chunk: Buffer) => (this.printed += chunk.toString()));
    this.bash.stdin?.write('curl() { until command curl -sf "$@"; do sleep 0.3; done; }\n');
  }

  /** Resolves with what was printed meanwhile once all commands but those in the background have ended. */
  async run(commands: string): Promise<string> {
    this.printed = '';
    this.bash.stdin?.write(`${commands}\necho; echo "${DONE}"\n`);
    while (!this.printed.includes(DONE)) {
      if (this.bash.exitCode !== null) throw new Error(`the shell has ended: ${this.printed}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return this.printed.replace(DONE, '');
  }

  /** Ends what runs in the background, in order, and itself. */
  async stop(): Promise<void> {
    if (this.bash.exitCode !== null) return;
    this.bash.stdin?.end('kill $(jobs -p) || true\nwait || true\n');
    await once(this.bash, 'exit');
  }
}
