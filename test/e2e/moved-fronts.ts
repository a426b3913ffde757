import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './command.js';
import { HAPROXY, startHaproxy } from './haproxy.js';
import { ROOT } from './compose-file.js';
import { localNginxConf, NGINX, startNginx, stopNginx } from './nginx.js';
import { freePorts } from './topology.js';

/** A balancer of deploy/ before one server, as its comments say for tenants with deployments of their own. */
export interface MovedFront {
  url: string;
  /** Of all requests to it. */
  headers: Record<string, string>;
  /** What `omnisearch tenants move` is told of it. */
  args: string[];
  stop: () => Promise<void>;
}

/** Each with what is missing to run it. */
export const FRONTS = [
  { name: 'nginx', missing: NGINX === undefined, start: behindNginx },
  { name: 'HAProxy', missing: HAPROXY === undefined, start: behindHaproxy },
] as const;

async function behindNginx(dir: string, server: string, keys?: string[]): Promise<MovedFront> {
  const [port] = await freePorts(1);
  const folder = join(dir, 'nginx');
  const file = localNginxConf(folder, `127.0.0.1:${port}`, () => [server]);
  const map = join(folder, 'tenants.conf');
  const conf = readFileSync(file, 'utf8')
    .replace('  upstream readers {', `  include ${map};\n  upstream readers {`)
    .replaceAll('proxy_pass http://readers;', 'proxy_pass $omnisearch_readers;')
    .replaceAll('proxy_pass http://writers;', 'proxy_pass $omnisearch_writers;');
  writeFileSync(file, conf);
  await firstMap(map, server, 'nginx', keys);
  const url = `http://127.0.0.1:${port}`;
  const nginx = await startNginx(file, folder, url);
  const reload = `${NGINX} -p ${folder} -c ${file} -s reload`;
  // A reload closes idle connections of clients: see deploy/nginx.conf.
  const headers = { connection: 'close' };
  const args = ['--out', map, '--reload', reload];
  return { url, headers, args, stop: () => stopNginx(nginx) };
}

async function behindHaproxy(dir: string, server: string, keys?: string[]): Promise<MovedFront> {
  const [port] = await freePorts(1);
  const folder = join(dir, 'haproxy');
  mkdirSync(folder, { recursive: true });
  const map = join(folder, 'tenants.map');
  const file = join(folder, 'haproxy.cfg');
  const conf = readFileSync(`${ROOT}deploy/haproxy.cfg`, 'utf8')
    .replaceAll('/tmp/', `${folder}/`)
    .replace('bind :8080', `bind 127.0.0.1:${port}`)
    .replaceAll(/server ([\w-]+) ([\w-]+):(\d+)/g, `server $1 ${server}`)
    .replaceAll(/^ {2}#(http-request|use_backend)/gm, '  $1')
    .replaceAll('/etc/haproxy/tenants.map', map);
  writeFileSync(file, conf);
  await firstMap(map, server, 'haproxy', keys);
  const url = `http://127.0.0.1:${port}`;
  const pidFile = join(folder, 'pid');
  // As a service: a new worker takes over at SIGUSR2.
  const stop = await startHaproxy([file, `${map}.cfg`], url, ['-W', '-p', pidFile]);
  const reload = `kill -USR2 $(cat ${pidFile})`;
  const args = ['--map-for', 'haproxy', '--out', map, '--reload', reload];
  return { url, headers: {}, args, stop };
}

/** Nobody is elsewhere yet. */
async function firstMap(
  out: string,
  server: string,
  mapFor: string,
  keys: string[] = [],
): Promise<void> {
  const args = ['tenants', 'route', '--url', `http://${server}`, '--map-for', mapFor];
  const { code, stderr } = await runCommand([...args, ...keys, '--out', out]);
  if (code !== 0) throw new Error(`tenants route: ${stderr}`);
}
