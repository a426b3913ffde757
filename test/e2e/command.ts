import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The built `omnisearch`. */
export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

const END_LIMIT_MS = 90_000;

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A running `omnisearch …`, and how it will have ended. */
export interface Command {
  process: ChildProcess;
  ended: Promise<Ended>;
}

/** Starts `omnisearch …` as a user does; killed when it does not end. @param main of another build */
export function startCommand(
  args: readonly string[],
  env: Record<string, string> = {},
  main = MAIN,
): Command {
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  return { process: child, ended: endOf(child) };
}

/** Runs `omnisearch …` to its end. */
export async function runCommand(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  return startCommand(args, env).ended;
}

async function endOf(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const limit = setTimeout(() => child.kill('SIGKILL'), END_LIMIT_MS);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(limit);
  return { code, stdout, stderr };
}
