import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LoadOutcome, LoadSpec } from './load-spec.js';

const CHILD = fileURLToPath(new URL('./load-child.ts', import.meta.url));
/** The child is TypeScript, whatever this process itself is run by. */
const LOADER = ['--import', import.meta.resolve('tsx')];

/** Runs a load in a process of its own and resolves with what it came to. */
export function runLoad(spec: LoadSpec): Promise<LoadOutcome> {
  return new Promise((resolve, reject) => {
    const child = fork(CHILD, { execArgv: LOADER, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    let outcome: LoadOutcome | undefined;
    child.once('message', (message) => (outcome = message as LoadOutcome));
    child.once('error', reject);
    child.once('exit', (code) => {
      if (outcome === undefined) reject(new Error(`a load ended with ${String(code)}`));
      else resolve(outcome);
    });
    child.send(spec);
  });
}
