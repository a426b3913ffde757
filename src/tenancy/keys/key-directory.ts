import type { RecordReader } from '../../store/record-store.js';
import { KeptReads } from '../kept-reads.js';
import { Key } from './key.js';
import type { KeyRecord } from './key-record.js';

/** Records that are keys, by their ids. */
export const KEY_KIND = 'key';
/** Whose a secret is, by the secret's hash. That the key has it still, its own record says. */
export const SECRET_KIND = 'key secret';
/** Keys whose secrets are kept, by how those begin. */
export const PREFIX_KIND = 'key prefix';
/** Of so many that begin alike, or of all, it is tried whether they have signed something. */
const MAX_TRIED = 100;
/** How old a node's view of a key may be. */
const MAX_AGE_MS = 1_000;
/** Where the store does not tell. */
const MAX_STALE_MS = 1_900;
/** In place of a prefix. */
const EVERY = '';
/** The character after the `/` of a record's id. */
const BEHIND = '0';
const MAX_KEPT = 100_000;
const MAX_BYTES = 50_000_000;
const ENTRY_BYTES = 400;

/** The id of a record of `PREFIX_KIND`. */
export function prefixId(prefix: string, key: string): string {
  return `${prefix}/${key}`;
}

interface Ids {
  ids: readonly string[];
}

interface Owner {
  key: string;
}

/** At once where it is known. */
type Found = Key | undefined | Promise<Key | undefined>;

/** A node's view of the keys there are, a second old at most, two where the store does not tell. */
export class KeyDirectory {
  private readonly owners: KeptReads<Owner>;
  private readonly keys: KeptReads<Key>;
  private readonly anyKey: KeptReads<Owner>;
  private readonly compatible: KeptReads<Ids>;

  constructor(
    private readonly records: RecordReader,
    now: () => number = () => performance.now(),
  ) {
    const common = { max: MAX_KEPT, maxAgeMs: MAX_AGE_MS, maxStaleMs: MAX_STALE_MS, now };
    const ofEach = { max: MAX_BYTES, of: () => ENTRY_BYTES };
    this.owners = new KeptReads({
      ...common,
      what: 'the key',
      read: async (hash) => (await records.get(SECRET_KIND, hash))?.value as Owner | undefined,
      // To whom a secret belongs does not change.
      isForGood: true,
      bytes: ofEach,
    });
    this.keys = new KeptReads({
      ...common,
      what: 'the key',
      read: (id, known) => this.read(id, known),
      bytes: { max: MAX_BYTES, of: ({ record }) => ENTRY_BYTES + JSON.stringify(record).length },
    });
    this.anyKey = new KeptReads({
      ...common,
      what: 'whether there are keys',
      // A node that the store does not tell has nothing to show either.
      maxStaleMs: Infinity,
      read: async () => {
        const [first] = await records.list(KEY_KIND, undefined, 1);
        return first && { key: first.id };
      },
      bytes: ofEach,
    });
    this.compatible = new KeptReads({
      ...common,
      what: 'the keys',
      read: (prefix) => this.readCompatible(prefix),
      bytes: { max: MAX_BYTES, of: ({ ids }) => ENTRY_BYTES * ids.length },
    });
  }

  /** The key that a secret belongs to, or has belonged to. Rejects `unavailable`. */
  ownerOf(hash: string): Found {
    const owner = this.owners.get(hash);
    const keyOf = (one: Owner | undefined): Found => one && this.keys.get(one.key);
    return owner instanceof Promise ? owner.then(keyOf) : keyOf(owner);
  }

  /** Rejects `unavailable`. */
  find(id: string): Found {
    return this.keys.get(id);
  }

  /** Compatible keys whose secrets begin so; with an empty prefix some of all. Rejects `unavailable`. */
  async compatibleKeys(prefix: string): Promise<Key[]> {
    const found = await this.compatible.get(prefix);
    const keys = await Promise.all((found?.ids ?? []).map(async (id) => this.find(id)));
    return keys.filter((key) => key !== undefined);
  }

  /** Whether there is any. Rejects `unavailable`. */
  async exist(): Promise<boolean> {
    return (await this.anyKey.get(KEY_KIND)) !== undefined;
  }

  /** This node has just changed a key, with these secrets among its own. */
  changed({ id, secrets }: Pick<KeyRecord, 'id' | 'secrets'>): void {
    this.keys.forget(id);
    this.anyKey.forget(KEY_KIND);
    this.compatible.forget(EVERY);
    for (const { hash, prefix } of secrets) {
      this.owners.forget(hash);
      if (prefix !== undefined) this.compatible.forget(prefix);
    }
  }

  /** Another node has changed some key. */
  expireAll(): void {
    for (const kept of [this.owners, this.keys, this.anyKey, this.compatible]) kept.expireAll();
  }

  private async readCompatible(prefix: string): Promise<Ids | undefined> {
    const { records } = this;
    const found = await (prefix === EVERY
      ? records.list(PREFIX_KIND, undefined, MAX_TRIED)
      : records.list(PREFIX_KIND, prefixId(prefix, ''), MAX_TRIED, prefix + BEHIND));
    const ids = found.map(({ value }) => (value as unknown as Owner).key);
    return ids.length === 0 ? undefined : { ids };
  }

  /** The same as long as its record is: what was made of it holds. */
  private async read(id: string, known: Key | undefined): Promise<Key | undefined> {
    const stored = await this.records.get(KEY_KIND, id);
    if (stored === undefined || stored.revision === known?.revision) return stored && known;
    return new Key(stored.value as unknown as KeyRecord, stored.revision);
  }
}
