import { OmniError } from '../../core/errors.js';
import { derivedGrant, type Narrower } from '../../tenancy/keys/key.js';
import type { Admission, SignedText } from '../../tenancy/keys/key-ring.js';
import type { HttpPorts } from '../ports.js';

/** What the parameters of a key that was derived from another come to. */
export interface Restrictions extends Narrower {
  tenants?: readonly string[] | undefined;
  /** Epoch seconds. */
  expiresAt?: number | undefined;
}

/**
 * Whoever comes with a key that a shop has derived from a compatible one: what that one may, and of it what the derived
 * one leaves. `restrictions` is asked once the signature is known to be good; it throws `invalid_field`.
 */
export async function admitDerived(
  keys: Pick<HttpPorts['keys'], 'admitSigned'>,
  signed: SignedText,
  restrictions: () => Restrictions,
): Promise<Admission> {
  const admission = await keys.admitSigned(signed);
  if (typeof admission === 'string' || 'dead' in admission) return admission;
  const { expiresAt, ...by } = restrictions();
  if (expiresAt !== undefined && Date.now() >= expiresAt * 1_000) {
    return { dead: 'the key has expired' };
  }
  return { grant: derivedGrant(admission.grant, by) };
}

/** What a derived key may hold and we do not know how to keep to: it may have narrowed. */
export function notServed(parameter: string): OmniError {
  const message = `the key restricts by ${parameter.slice(0, 64)}, which is not served`;
  return new OmniError('invalid_field', message, { field: 'apiKey' });
}

/** Epoch seconds. Throws `invalid_field`. */
export function secondsOf(value: unknown, parameter: string): number {
  const seconds = Number(value);
  if (value !== '' && value !== null && Number.isFinite(seconds)) return seconds;
  throw notServed(parameter);
}
