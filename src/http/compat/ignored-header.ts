import type { FastifyReply } from 'fastify';

const MAX_NAMED = 50;

/** The header that names parameters that change nothing. */
export function nameIgnored(reply: FastifyReply, ignored: Iterable<string>): void {
  const names = [...new Set(ignored)].map((name) => name.replace(/[^\w.:-]/g, '?'));
  if (names.length > 0) reply.header('x-omnisearch-ignored', names.slice(0, MAX_NAMED).join(', '));
}
