import {
  browserGrant,
  endedBecause,
  isBrowserKey,
  isSignedBy,
  readBrowserKey,
} from './browser-key.js';
import type { Grant, Key } from './key.js';
import type { KeyDirectory } from './key-directory.js';
import { hashOfSecret } from './key-secrets.js';
import type { KeyVault } from './key-vault.js';

/** What becomes of whoever comes with a key. `dead`: it was one, and is not any more. */
export type Admission = { grant: Grant } | { dead: string } | 'unknown';

/** Says whom a key lets in, and to what. */
export class KeyRing {
  constructor(
    private readonly directory: Pick<KeyDirectory, 'ownerOf' | 'find' | 'exist'>,
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

  private async admitBrowser(token: string): Promise<Admission> {
    const asked = readBrowserKey(token);
    const key = asked && (await this.directory.find(asked.parent));
    if (asked === undefined || key === undefined) return 'unknown';
    const nowMs = this.now();
    if (!isSignedBy(asked, this.signingKeys(key, nowMs))) return 'unknown';
    const dead = key.deadBecause(nowMs) ?? endedBecause(asked, key.record.generation, nowMs);
    return dead === undefined ? { grant: browserGrant(asked, key.grant) } : { dead };
  }

  private signingKeys(key: Key, nowMs: number): Buffer[] {
    return key
      .secretsAt(nowMs)
      .flatMap(({ signing }) =>
        signing === undefined ? [] : [this.vault.open(signing, key.record.id)],
      );
  }
}
