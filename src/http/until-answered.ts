import type { Socket } from 'node:net';
import type { FastifyReply } from 'fastify';

/** What is to be done when a connection is gone, for all of its requests that are not answered. */
const waiting = new WeakMap<Socket, Set<() => void>>();

/**
 * Calls `leave` once, when the answer has left: one that nobody reads takes memory, too. Or when its
 * connection is gone: of requests that came before the first was answered, Node closes only that one.
 */
export function untilAnswered({ raw, request }: FastifyReply, leave: () => void): void {
  const { socket } = request;
  if (socket.destroyed) {
    leave();
    return;
  }
  const ofSocket = waitingOn(socket);
  const left = (): void => {
    raw.off('close', left);
    if (ofSocket.delete(left)) leave();
  };
  ofSocket.add(left);
  raw.once('close', left);
}

/** The same for what is still to be worked out: a caller that hangs up does not end the work. */
export async function whileAnswering<T>(
  reply: FastifyReply,
  leave: () => void,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } finally {
    untilAnswered(reply, leave);
  }
}

function waitingOn(socket: Socket): Set<() => void> {
  let calls = waiting.get(socket);
  if (calls === undefined) {
    const all = new Set<() => void>();
    socket.once('close', () => {
      for (const call of all) call();
    });
    waiting.set(socket, all);
    calls = all;
  }
  return calls;
}
