import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../deploy/healthcheck.js', import.meta.url));
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listening(server: Server): Promise<number> {
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function check(env: Record<string, string>, ...args: string[]): Promise<unknown> {
  const child = spawn(process.execPath, [SCRIPT, ...args], { env, stdio: 'ignore' });
  return ((await once(child, 'exit')) as unknown[])[0];
}

test('any role is asked at its page: on METRICS_PORT, else on the PORT of a query node', async () => {
  const shard = await listening(createServer((socket) => socket.end()));
  const node = await listening(
    createHttpServer((request, reply) => {
      reply.statusCode = request.url === '/livez' ? 200 : 503;
      reply.end();
    }),
  );
  const listen = { OMNISEARCH_LISTEN: `0.0.0.0:${shard}` };
  expect(await check({ ...listen, OMNISEARCH_METRICS_PORT: String(node) })).toBe(0);
  // That it takes connections says nothing.
  expect(await check({ ...listen, OMNISEARCH_METRICS_PORT: String(shard) })).toBe(1);
  expect(await check({ OMNISEARCH_PORT: String(node) })).toBe(0);
  expect(await check({ OMNISEARCH_PORT: '1' })).toBe(1);
  expect(await check({}, `http://127.0.0.1:${node}/readyz`)).toBe(1);
});
