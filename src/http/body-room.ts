import type { FastifyRequest } from 'fastify';
import type { ByteBudget, ByteLease } from '../core/byte-budget.js';
import { LEAST_WRITE_BYTES } from './limits.js';

/** What a write needs of the room for bodies before it is read, until it is answered. Throws `overloaded`. */
export function takeBodyRoom(
  { exchange, tenant }: FastifyRequest,
  bodies: ByteBudget,
  of = tenant,
): ByteLease {
  const lease = bodies.lease(of);
  exchange.onEnd(() => lease.release());
  lease.take(LEAST_WRITE_BYTES);
  return lease;
}
