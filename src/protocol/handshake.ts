import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { OLDEST_PROTOCOL, PROTOCOL_VERSION, type Hello } from './messages.js';

/**
 * How two sides that share a secret show each other that they know it, without sending it: each proves
 * that it can sign two numbers used once, its own and the other's (HMAC-SHA-256, RFC 2104).
 *
 *   client ── hello, nonce ──────────> shard
 *          <── challenge, nonce ──────
 *          ── proof of the client ───>
 *          <── welcome, proof of the shard
 *
 * Without a secret on either side the shard answers the hello with its welcome.
 */
const NONCE_BYTES = 32;

/** Which side a proof is of: one cannot be sent back as the other. */
export type Prover = 'client' | 'shard';

export interface Nonces {
  client: Uint8Array;
  shard: Uint8Array;
}

/** The newest version that the client and this side speak; undefined: there is none. */
export function commonProtocol({
  protocol: oldest,
  newest = oldest,
}: Pick<Hello, 'protocol' | 'newest'>): number | undefined {
  const common = Math.min(newest, PROTOCOL_VERSION);
  return common >= Math.max(oldest, OLDEST_PROTOCOL) ? common : undefined;
}

export function newNonce(): Uint8Array {
  return randomBytes(NONCE_BYTES);
}

/** Whether what a peer sent can be a nonce. */
export function isNonce(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.byteLength === NONCE_BYTES;
}

export function proofOf(secret: string, prover: Prover, { client, shard }: Nonces): Uint8Array {
  return createHmac('sha256', secret).update(prover).update(client).update(shard).digest();
}

/** Whether `proof` is the prover's. Takes as long for a wrong proof as for the right one. */
export function proves(proof: unknown, secret: string, prover: Prover, nonces: Nonces): boolean {
  const expected = proofOf(secret, prover, nonces);
  const sized = proof instanceof Uint8Array && proof.byteLength === expected.byteLength;
  return sized && timingSafeEqual(proof, expected);
}
