import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './compose-file.js';
import { runs } from '../program.js';
import { killAtExit } from './kill-at-exit.js';

const PROGRAMS = ['nginx', '/usr/sbin/nginx'];
const START_LIMIT_MS = 10_000;

/** How nginx is called here; undefined where it is not installed. */
export const NGINX = PROGRAMS.find((program) => runs(program, '-v'));

const PURGE_MODULE = '/usr/lib/nginx/modules/ngx_http_cache_purge_module.so';

/** Whether nginx can forget what it keeps when it is told to. */
export const CAN_PURGE = NGINX !== undefined && existsSync(PURGE_MODULE);

/**
 * A configuration of deploy/ for a machine without the names, folders and resolver of its container, and for an nginx that
 * cannot look names up again: a line for each of a service's addresses.
 *
 * @param addressesOf where `NAME:PORT` of a service is
 * @returns the file, in `dir`
 */
export function localNginxConf(
  dir: string,
  listen: string,
  addressesOf: (service: string, port: number) => readonly string[],
  name = 'nginx.conf',
): string {
  // Its workers run as another user where it is started by root.
  mkdirSync(dir, { recursive: true });
  chmodSync(dir, 0o755);
  const conf = readFileSync(`${ROOT}deploy/${name}`, 'utf8')
    .replaceAll('/tmp/', `${dir}/`)
    .replace(/listen 8080;/, `listen ${listen};`)
    .replace(/^ *resolver .*\n/m, '')
    .replaceAll(
      /^( *)server ([\w-]+):(\d+)(?: resolve)?(.*)$/gm,
      (_, indent: string, service: string, port: string, rest: string) => {
        const addresses = addressesOf(service, Number(port));
        return addresses.map((address) => `${indent}server ${address}${rest}`).join('\n');
      },
    );
  const file = join(dir, name);
  writeFileSync(file, conf);
  return file;
}

/** Throws, with what nginx says, when `file` is not a configuration. */
export function testNginxConf(file: string, dir: string): void {
  execFileSync(NGINX ?? 'nginx', ['-t', '-p', dir, '-c', file], { stdio: 'pipe' });
}

export interface Nginx {
  process: ChildProcess;
  log: string;
}

/** Starts nginx; resolves once it answers at `url`. */
export async function startNginx(file: string, dir: string, url: string): Promise<Nginx> {
  const args = ['-p', dir, '-c', file, '-g', 'daemon off;'];
  const child = spawn(NGINX ?? 'nginx', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  killAtExit(child);
  const nginx = { process: child, log: '' };
  child.stderr.on('data', (chunk: Buffer) => (nginx.log += chunk.toString()));
  for (const endsAtMs = performance.now() + START_LIMIT_MS; ;) {
    const answered = await fetch(`${url}/livez`).catch(() => undefined);
    if (answered !== undefined) return nginx;
    if (performance.now() > endsAtMs || child.exitCode !== null) {
      throw new Error(`nginx did not start: ${nginx.log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function stopNginx({ process: child }: Nginx): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
