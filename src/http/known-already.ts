import type { FastifyRequest } from 'fastify';

/**
 * Whether the asker has the answer with this tag already. Tags are compared as weak ones: what compresses an
 * answer on its way makes them so.
 */
export function isKnownAlready({ headers }: FastifyRequest, tag: string | undefined): boolean {
  const known = headers['if-none-match'];
  if (known === undefined || tag === undefined) return false;
  const opaque = (text: string): string => text.trim().replace(/^W\//, '');
  return known.split(',').some((one) => one.trim() === '*' || opaque(one) === opaque(tag));
}
