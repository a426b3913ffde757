import { exec } from 'node:child_process';
import { open, readFile, rename } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { BalancedProgram } from './balancer.js';

const RELOAD_LIMIT_MS = 10_000;
/** nginx may not run yet, or refuse the rest of its configuration. */
const RETRY_AFTER_MS = 5_000;
const HEAD = '# Written by omnisearch balancer: what is changed here is overwritten.\n';

export interface NginxServersOptions {
  /** Included by the `upstream` blocks. */
  file: string;
  /** For `sh`: has nginx read it. */
  reload: string;
  /** Monotonic, milliseconds; injectable for virtual clocks. */
  now?: () => number;
}

/** The servers of nginx: a file of `server` lines, replaced as a whole, and a reload after each change. */
export class NginxServers implements BalancedProgram {
  /** Also at the start: whoever kept the file before may have ended between the two. */
  private needsReload = true;
  private retryAtMs = -Infinity;
  private readonly now: () => number;

  constructor(private readonly options: NginxServersOptions) {
    this.now = options.now ?? (() => performance.now());
  }

  async setServers(addresses: readonly string[]): Promise<void> {
    const { file } = this.options;
    const text = HEAD + addresses.map(serverLine).join('');
    if ((await textOf(file)) !== text) {
      await replaceFile(file, text);
      this.needsReload = true;
      this.retryAtMs = -Infinity;
    }
    if (this.needsReload && this.now() >= this.retryAtMs) await this.reload();
  }

  private async reload(): Promise<void> {
    const { reload } = this.options;
    try {
      await promisify(exec)(reload, { timeout: RELOAD_LIMIT_MS });
      this.needsReload = false;
    } catch (error) {
      this.retryAtMs = this.now() + RETRY_AFTER_MS;
      throw new Error(`RELOAD failed: ${oneLine((error as Error).message)}`, { cause: error });
    }
  }
}

/** Two failures within five seconds, and it is left out for so long: as in deploy/nginx.conf. */
function serverLine(address: string): string {
  return `server ${address} max_fails=2 fail_timeout=5s;\n`;
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whoever reads it meanwhile finds the old text or the new one, also after a crash. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.new`;
  const handle = await open(temporary, 'w', 0o644);
  try {
    // Whatever the umask: nginx may run as another user.
    await handle.chmod(0o644);
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, ' ');
}
