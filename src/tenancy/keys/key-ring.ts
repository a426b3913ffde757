import { createHmac, timingSafeEqual } from 'node:crypto';
import { boundedCache } from '../../core/bounded-cache.js';
import {
  browserGrant,
  endedBecause,
  isBrowserKey,
  isSignedBy,
  readBrowserKey,
  type BrowserKey,
} from './browser-key.js';
import { isGoodAt, type Grant, type Key } from './key.js';
import type { KeyDirectory } from './key-directory.js';
import type { StoredSecret } from './key-record.js';
import { hashOfSecret } from './key-secrets.js';
import type { KeyVault } from './key-vault.js';

const MAX_KEPT = 5_000;
const MAX_KEPT_CHARACTERS = 5_000_000;

/** What becomes of whoever comes with a key. `dead`: it was one, and is not any more. */
export type Admission = { grant: Grant } | { dead: string } | 'unknown';

/** A browser key whose signature was found to be good. */
interface Verified {
  asked: BrowserKey;
  /** As it was then. */
  key: Key;
  /** Whose signature it is. */
  secret: StoredSecret;
  grant: Grant;
}

/** A text that was signed with the secret of a compatible key, as clients of other engines do. */
export interface SignedText {
  text: string;
  /** HMAC-SHA256 of the text. */
  signature: string;
  encoding: 'base64' | 'hex';
  /** How the secret begins, where that is known. */
  prefix?: string;
  /** The key's id, where that is known. */
  key?: string | undefined;
}

/** Says whom a key lets in, and to what. */
export class KeyRing {
  private readonly verified = boundedCache<Verified>({
    max: MAX_KEPT,
    bytes: { max: MAX_KEPT_CHARACTERS, of: (_, token) => token.length },
  });

  constructor(
    private readonly directory: Pick<KeyDirectory, 'ownerOf' | 'find' | 'exist' | 'compatibleKeys'>,
    private readonly vault: Pick<KeyVault, 'open'>,
    /** Epoch milliseconds. */
    private readonly now: () => number = () => Date.now(),
  ) {}

  /** Whether there are keys: then product and search routes want one. Rejects `unavailable`. */
  exist(): Promise<boolean> {
    return this.directory.exist();
  }

  /**
   * By a secret, or a browser key. Rejects `unavailable`, `forbidden` for a browser key of a tenant that its parent has
   * not, `invalid_field` for one that is signed and can not be understood.
   */
  async admit(token: string): Promise<Admission> {
    if (isBrowserKey(token)) return this.admitBrowser(token);
    const hash = hashOfSecret(token);
    const key = await this.directory.ownerOf(hash);
    const nowMs = this.now();
    if (key?.accepts(hash, nowMs) !== true) return 'unknown';
    const dead = key.deadBecause(nowMs);
    return dead === undefined ? { grant: key.grant } : { dead };
  }

  /** By the compatible key whose secret has signed this. Rejects `unavailable`. */
  async admitSigned(signed: SignedText): Promise<Admission> {
    const named = signed.key === undefined ? undefined : await this.directory.find(signed.key);
    const keys =
      named?.record.compatible === true
        ? [named]
        : await this.directory.compatibleKeys(signed.prefix ?? '');
    const nowMs = this.now();
    // All are tried: which it was does not show in the time it takes.
    const signer = keys[keys.map((key) => this.hasSigned(key, signed, nowMs)).indexOf(true)];
    if (signer === undefined) return 'unknown';
    const dead = signer.deadBecause(nowMs);
    return dead === undefined ? { grant: signer.grant } : { dead };
  }

  private hasSigned(key: Key, { text, signature, encoding }: SignedText, nowMs: number): boolean {
    const asked = Buffer.from(signature);
    const equal = key.secretsAt(nowMs).map(({ secret }) => {
      if (secret === undefined) return false;
      const bytes = this.vault.open(secret, key.record.id);
      const own = Buffer.from(createHmac('sha256', bytes).update(text).digest(encoding));
      return own.length === asked.length && timingSafeEqual(own, asked);
    });
    return equal.includes(true);
  }

  private async admitBrowser(token: string): Promise<Admission> {
    const kept = this.verified.get(token);
    const asked = kept?.asked ?? readBrowserKey(token);
    const key = asked && (await this.directory.find(asked.parent));
    if (asked === undefined || key === undefined) return 'unknown';
    const nowMs = this.now();
    const known = kept?.key === key && isGoodAt(kept.secret, nowMs) ? kept : undefined;
    const secret = known?.secret ?? this.signerOf(asked, key, nowMs);
    if (secret === undefined) return 'unknown';
    const dead = key.deadBecause(nowMs) ?? endedBecause(asked, key.record.generation, nowMs);
    if (dead !== undefined) return { dead };
    const grant = known?.grant ?? browserGrant(asked, key.grant);
    if (known === undefined) this.verified.set(token, { asked, key, secret, grant });
    return { grant };
  }

  /** The one of the key's secrets that has signed it; takes the same time whichever it is. */
  private signerOf(asked: BrowserKey, key: Key, nowMs: number): StoredSecret | undefined {
    const secrets = key.secretsAt(nowMs);
    const isSigner = secrets.map(({ signing }) => {
      if (signing === undefined) return false;
      return isSignedBy(asked, this.vault.open(signing, key.record.id));
    });
    return secrets[isSigner.indexOf(true)];
  }
}
