import { hash, hkdfSync, randomBytes } from 'node:crypto';
import type { KeyKind, StoredSecret } from './key-record.js';
import type { KeyVault } from './key-vault.js';

const ID_BYTES = 10;
const SECRET_BYTES = 32;
const SIGNING_BYTES = 32;
/** As Typesense's clients have it. */
const PREFIX_CHARACTERS = 4;

export function newKeyId(): string {
  return randomBytes(ID_BYTES).toString('hex');
}

/**
 * 256 random bits, and in front of them what it is, for people and for scanners of leaked secrets; but for one that is
 * found by how it begins.
 */
export function newSecret(kind: KeyKind, isCompatible: boolean): string {
  const bits = randomBytes(SECRET_BYTES).toString('base64url');
  return isCompatible ? bits : `omni_${kind}_${bits}`;
}

/** A secret is found by this, and never stored itself. */
export function hashOfSecret(secret: string): string {
  return hash('sha256', secret, 'base64url');
}

/** What signs browser keys: whoever has it can not tell the secret. */
function signingKeyOf(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'search', SIGNING_BYTES));
}

/** What is stored of a new secret of the key `id`. */
export function storedSecret(
  { id, kind, compatible }: { id: string; kind: KeyKind; compatible?: true },
  secret: string,
  vault: KeyVault,
): StoredSecret {
  return {
    hash: hashOfSecret(secret),
    created_at: new Date().toISOString(),
    ...(kind === 'search' ? { signing: vault.seal(signingKeyOf(secret), id) } : {}),
    ...(compatible === true
      ? { secret: vault.seal(Buffer.from(secret), id), prefix: secret.slice(0, PREFIX_CHARACTERS) }
      : {}),
  };
}
