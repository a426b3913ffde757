import { readFileSync } from 'node:fs';

/** A role's own modules, libraries, sockets and files, before anybody connects. */
const MIN_OPEN_FILES = 128;

/**
 * What keeps this process from opening files enough to start, in one line; undefined where that is
 * well or not told. Asked before a role is loaded: past the limit no module can be read either.
 */
export function tooFewFiles(): string | undefined {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const limit = Number(/^Max open files +(\d+)/m.exec(limits)?.[1]);
    if (!(limit < MIN_OPEN_FILES)) return undefined;
    return `only ${limit} files may be open at once, ${MIN_OPEN_FILES} are needed: raise ulimit -n`;
  } catch {
    return undefined;
  }
}
