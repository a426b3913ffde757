import { execFileSync } from 'node:child_process';

/** Whether a program is installed here: it ends well, called so. */
export function runs(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
