import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Targets } from '../../bench/alerts/prometheus.js';
import { runs } from '../program.js';
import { ROOT } from './compose-file.js';
import { killAtExit } from './kill-at-exit.js';
import { localNginxConf, NGINX, startNginx, stopNginx } from './nginx.js';
import { freePorts } from './topology.js';

const PROGRAMS = ['node', 'redis', 'nginx'].map((of) => `prometheus-${of}-exporter`);
const absent = PROGRAMS.find((program) => !runs(program, '--help'));

/** Why none can be started here; undefined: they can. */
export const NO_EXPORTERS = NGINX === undefined ? 'needs nginx' : absent && `needs ${absent}`;

/** Exporters of Debian's for this machine, a Redis, and nginx as Compose has it before query nodes. */
export interface Exporters {
  targets: Targets;
  stop(): Promise<void>;
}

/** @param node where a query node is. @param dir of its own, for nginx */
export async function startExporters(
  dir: string,
  redisUrl: string,
  node: string,
): Promise<Exporters> {
  const [front, status, ...own] = (await freePorts(5)).map((port) => `127.0.0.1:${port}`);
  const file = localNginxConf(dir, front ?? '', () => [node]);
  const more = `${dir}/status.conf`;
  const server = readFileSync(`${ROOT}deploy/nginx-status.conf`, 'utf8');
  writeFileSync(more, server.replace('listen 8081;', `listen ${status};`));
  const conf = readFileSync(file, 'utf8').replace(/include \S+\*\.conf;/, `include ${more};`);
  writeFileSync(file, conf);
  const nginx = await startNginx(file, dir, `http://${front}`);
  const flags = [[], [`--redis.addr=${redisUrl}`], [`--nginx.scrape-uri=http://${status}/status`]];
  const children = PROGRAMS.map((program, i) => {
    const args = [`--web.listen-address=${own[i]}`, ...(flags[i] ?? [])];
    const child = spawn(program, args, { stdio: 'ignore' });
    killAtExit(child);
    return child;
  });
  const jobs = ['host', 'redis', 'balancer'];
  return {
    targets: Object.fromEntries(jobs.map((job, i) => [job, [own[i] ?? '']])),
    async stop() {
      for (const child of children) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      await stopNginx(nginx);
    },
  };
}
