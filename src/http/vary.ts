import type { FastifyReply } from 'fastify';

/** One more header that the answer depends on. */
export function addVary(reply: FastifyReply, header: string): void {
  const before = reply.getHeader('vary');
  const names = before === undefined ? [] : String(before).split(', ');
  const isThere = names.some((name) => name.toLowerCase() === header.toLowerCase());
  if (!isThere) reply.header('vary', [...names, header].join(', '));
}
