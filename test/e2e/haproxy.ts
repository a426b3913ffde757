import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './compose-file.js';
import { runs } from '../program.js';
import { killAtExit } from './kill-at-exit.js';

const PROGRAMS = ['haproxy', '/usr/sbin/haproxy'];
const START_LIMIT_MS = 10_000;

/** How HAProxy is called here; undefined where it is not installed. */
export const HAPROXY = PROGRAMS.find((program) => runs(program, '-v'));

/** Where it listens, and where the services are that its files name. */
export interface HaproxyPlace {
  dir: string;
  port: number;
  tlsPort: number;
  addressOf: (service: string, port: number) => string;
}

/** The configurations of deploy/ for this machine, with a certificate for localhost. */
export function localHaproxyFiles({ dir, port, tlsPort, addressOf }: HaproxyPlace): string[] {
  mkdirSync(dir, { recursive: true });
  const pem = join(dir, 'shop.pem');
  const [key, certificate] = [join(dir, 'key.pem'), join(dir, 'certificate.pem')];
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const of = ['-nodes', '-days', '2', '-subj', '/CN=localhost'];
  execFileSync('openssl', [...made, ...of, '-keyout', key, '-out', certificate], {
    stdio: 'ignore',
  });
  writeFileSync(pem, readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'), {
    mode: 0o600,
  });
  return ['haproxy.cfg', 'haproxy-tls.cfg'].map((name) => {
    const conf = readFileSync(`${ROOT}deploy/${name}`, 'utf8')
      .replaceAll('/tmp/', `${dir}/`)
      .replace('/etc/haproxy/shop.pem', pem)
      .replace('bind :8080', `bind 127.0.0.1:${port}`)
      .replace('bind :8443', `bind 127.0.0.1:${tlsPort}`)
      .replaceAll(
        /server ([\w-]+) ([\w-]+):(\d+)/g,
        (_, label: string, service: string, at: string) => {
          return `server ${label} ${addressOf(service, Number(at))}`;
        },
      );
    const file = join(dir, name);
    writeFileSync(file, conf);
    return file;
  });
}

/** Starts HAProxy; resolves, with what stops it, once a node answers through it. */
export async function startHaproxy(
  files: readonly string[],
  url: string,
  options: readonly string[] = [],
): Promise<() => Promise<void>> {
  const child = spawn(
    HAPROXY ?? 'haproxy',
    [...options, ...files.flatMap((file) => ['-f', file])],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  killAtExit(child);
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  for (const endsAtMs = performance.now() + START_LIMIT_MS; ;) {
    const answered = await fetch(`${url}/livez`).catch(() => undefined);
    if (answered?.status === 200) return () => stop(child);
    if (performance.now() > endsAtMs || child.exitCode !== null) {
      throw new Error(`HAProxy did not start: ${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
