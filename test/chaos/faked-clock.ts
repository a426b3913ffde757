import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const LIB = '/usr/lib';
const LIBRARY = 'faketime/libfaketime.so.1';

/** libfaketime, wherever its package puts it on this machine. */
function library(): string | undefined {
  const places = readdirSync(LIB).map((name) => join(LIB, name, LIBRARY));
  return [join(LIB, LIBRARY), ...places].find((path) => existsSync(path));
}

/** Why no clock can be faked here; undefined when one can. */
export function whyNoClock(): string | undefined {
  return library() === undefined ? 'needs libfaketime' : undefined;
}

/** The wall clock of processes, which jumps while they run. Their monotonic one and the times of files are left alone. */
export class FakedClock {
  private readonly file = join(tmpdir(), `omnisearch-clock-${process.pid}`);

  constructor() {
    this.jumpTo(0);
  }

  /** For a process that is to have this clock, and all that it starts. */
  get env(): Record<string, string> {
    return {
      LD_PRELOAD: library() ?? '',
      FAKETIME_TIMESTAMP_FILE: this.file,
      // Each process looks at another moment.
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_DISABLE_SHM: '1',
      NO_FAKE_STAT: '1',
    };
  }

  /** So many seconds from the right time. */
  jumpTo(seconds: number): void {
    writeFileSync(this.file, `${seconds < 0 ? '' : '+'}${seconds}`);
  }

  remove(): void {
    rmSync(this.file, { force: true });
  }
}
