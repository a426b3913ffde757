import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Membership } from '../cluster/membership.js';
import type { Config } from '../config/settings.js';
import { removeSocket } from '../core/remove-socket.js';
import type { HttpServer } from '../http/server.js';
import { queryNodeAddress } from './open-membership.js';
import { StartError, type Opened } from './run-role.js';

/** An orphan of a killed `up` frees its port within a moment. */
const LISTEN_ATTEMPTS = 40;
const LISTEN_PAUSE_MS = 100;

/**
 * Has the server listen, and tells the cluster where; what is opened here ends it in order. Resolves with the port, 0 for a
 * Unix socket. Throws
 * `StartError` where it cannot listen.
 */
export async function serve(
  server: HttpServer,
  members: Membership | undefined,
  config: Config,
  opened: Opened,
): Promise<number> {
  opened.add(async () => {
    server.leave();
    // At once, so that a balancer takes it out while it still answers.
    const left = members?.close();
    await sleep(server.app.server.listening ? config.drainDelayMs : 0);
    await server.close(config.drainTimeoutMs);
    await left;
  });
  const port = await listen(server, config);
  members?.start(queryNodeAddress(config, port));
  return port;
}

async function listen(server: HttpServer, config: Config): Promise<number> {
  const { port, host, socket } = config;
  if (socket !== undefined) {
    const path = resolve(socket);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await removeSocket(path);
    return server.listen({ path });
  }
  for (let attempt = 1; ; attempt++) {
    try {
      return await server.listen({ port, host });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const taken = code === 'EADDRINUSE';
      if (!taken) throw new StartError(`cannot listen on ${host}:${port}: ${message}`);
      if (attempt >= LISTEN_ATTEMPTS) throw new StartError(`PORT ${port} is in use on ${host}`);
      await sleep(LISTEN_PAUSE_MS);
    }
  }
}
