import type { FastifyReply } from 'fastify';

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
  const left = (): void => {
    raw.off('close', left);
    socket.off('close', left);
    leave();
  };
  raw.once('close', left);
  socket.once('close', left);
}
