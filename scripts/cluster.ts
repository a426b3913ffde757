/**
 * `npx tsx scripts/cluster.ts`: the topology of docker-compose.yml as processes of this machine (nginx, query nodes, shards,
 * Redis, a MongoDB server for tests), until Ctrl-C. Wants a build, nginx, redis-server and Java.
 */
import { once } from 'node:events';
import { Topology } from '../test/e2e/topology.js';

const topology = await Topology.start();
process.stdout.write(`shoppers go to ${topology.url}\n`);
for (const { name, process: child } of topology.services.values()) {
  process.stdout.write(`${name}: process ${child.pid}\n`);
}
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await topology.stop();
