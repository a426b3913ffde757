import { createServer } from 'node:net';
import { freePorts } from './topology.js';

/** The first of so many ports in a row that nothing listens on now. */
export async function consecutivePorts(count: number): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const [first = 0] = await freePorts(1);
    if (await areFree(first, count)) return first;
  }
  throw new Error('no ports in a row are free');
}

async function areFree(first: number, count: number): Promise<boolean> {
  const tries = Array.from({ length: count }, async (_, i) => {
    const server = createServer();
    return new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(first + i, '127.0.0.1', () => server.close(() => resolve(true)));
    });
  });
  return (await Promise.all(tries)).every(Boolean);
}
