import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { withoutSettings } from '../../config/child-env.js';
import type { Order } from './ground.js';

/** Of what a command prints, so much is read; the rest is thrown away. */
const MAX_CHARACTERS = 4_096;

export interface HookOptions {
  /** For `sh`. */
  command: string;
  /** Told to it as ROLE, FROM, TO and REASON. */
  order: Partial<Order>;
  timeoutMs: number;
  /** Ends it. */
  signal: AbortSignal;
}

/**
 * Runs a command, which is told what to do by its environment; it has that of this process, without our own settings, which
 * have keys in them. Resolves with what it printed. Rejects where it fails, or takes too long: it is ended then, with all
 * that it started.
 */
export async function runHook({ command, order, timeoutMs, signal }: HookOptions): Promise<string> {
  const limit = AbortSignal.timeout(timeoutMs);
  const ending = AbortSignal.any([signal, limit]);
  // A group of its own: what a shell has started would outlive it.
  const child = spawn('sh', ['-c', command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...withoutSettings(process.env), ...toldOf(order) },
    detached: true,
  });
  const [out, problem] = [textOf(child.stdout), textOf(child.stderr)];
  return new Promise((resolve, reject) => {
    const end = (): void => {
      if (child.pid !== undefined) endGroup(child.pid);
      const why = limit.aborted ? `it took longer than ${timeoutMs} ms` : 'this process stops';
      reject(new Error(`${why}: ${command}`));
    };
    if (ending.aborted) end();
    ending.addEventListener('abort', end, { once: true });
    child.once('error', reject);
    // Not 'close': what it left behind may hold its output open.
    child.once('exit', (code, by) => {
      ending.removeEventListener('abort', end);
      if (code === 0) {
        resolve(out());
        return;
      }
      const said = oneLine(problem());
      const how = by ?? `exit code ${String(code)}`;
      reject(new Error(`${command} failed, ${how}${said === '' ? '' : `: ${said}`}`));
    });
  });
}

function toldOf({ role, from, to, reason }: Partial<Order>): NodeJS.ProcessEnv {
  const told = { ROLE: role, FROM: from, TO: to, REASON: reason };
  return Object.fromEntries(
    Object.entries(told).flatMap(([name, value]) => {
      return value === undefined ? [] : [[name, String(value)]];
    }),
  );
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

/** The beginning of what comes, so far. */
function textOf(stream: Readable): () => string {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(0, MAX_CHARACTERS);
  });
  return () => text;
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, ' ');
}
