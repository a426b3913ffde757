import type { FastifyRequest } from 'fastify';

/**
 * A hook for clients that send their key in a header of their own, or in the query string, so that a
 * browser asks nothing first: from here on it is a key like any other, and nowhere else.
 */
export function takeKey(
  name: string,
): (request: FastifyRequest, _: unknown, done: () => void) => void {
  return (request, _, done) => {
    const { [name]: asked, ...query } = request.query as Record<string, unknown>;
    const key = request.headers[name] ?? asked;
    request.query = query;
    if (typeof key === 'string') request.headers.authorization = `Bearer ${key}`;
    done();
  };
}
