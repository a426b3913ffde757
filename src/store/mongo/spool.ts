import { Binary } from 'mongodb';
import { behindChunks, chunkKey, chunkOf } from '../spool.js';
import type { Spool, SpoolName, SpoolState } from '../spool.js';
import { keyOf, type Collections } from './collections.js';

/** A spool whose chunks are documents. */
export class MongoSpool implements Spool {
  constructor(
    private readonly collections: Pick<Collections, 'spool'>,
    private readonly run: <T>(action: () => Promise<T>) => Promise<T>,
  ) {}

  async put({ tenant, name }: SpoolName, chunk: number, bytes: Uint8Array): Promise<void> {
    const _id = keyOf(tenant, chunkKey(name, chunk));
    const replacement = { bytes: new Binary(bytes) };
    const { spool } = this.collections;
    await this.run(() => spool.replaceOne({ _id }, replacement, { upsert: true }));
  }

  async get({ tenant, name }: SpoolName, chunk: number): Promise<Buffer | undefined> {
    const { spool } = this.collections;
    const _id = keyOf(tenant, chunkKey(name, chunk));
    const found = await this.run(() => spool.findOne({ _id }));
    return found === null ? undefined : Buffer.from(found.bytes.value());
  }

  async list(after: SpoolName | undefined, limit: number): Promise<SpoolState[]> {
    const found: SpoolState[] = [];
    let from = after === undefined ? '' : behind(after);
    while (found.length < limit) {
      const first = await this.edge({ $gte: from }, 1);
      if (first === undefined) break;
      const at = nameOf(first);
      from = behind(at);
      const last = await this.edge({ $gte: first, $lt: from }, -1);
      found.push({ ...at, last: chunkOf(last ?? first).chunk });
    }
    return found;
  }

  async remove({ tenant, name }: SpoolName, limit: number): Promise<boolean> {
    const { spool } = this.collections;
    const range = { $gte: keyOf(tenant, chunkKey(name, 0)), $lt: behind({ tenant, name }) };
    return this.run(async () => {
      const options = { projection: { _id: 1 as const }, sort: { _id: 1 as const }, limit };
      const found = await spool.find({ _id: range }, options).toArray();
      if (found.length > 0) await spool.deleteMany({ _id: { $in: found.map(({ _id }) => _id) } });
      return found.length < limit;
    });
  }

  /** The first or last key of a range. */
  private async edge(
    range: { $gte: string; $lt?: string },
    direction: 1 | -1,
  ): Promise<string | undefined> {
    const { spool } = this.collections;
    const options = { projection: { _id: 1 as const }, sort: { _id: direction } };
    return (await this.run(() => spool.findOne({ _id: range }, options)))?._id;
  }
}

function nameOf(id: string): SpoolName {
  const at = id.indexOf('/');
  return { tenant: id.slice(0, at), name: chunkOf(id.slice(at + 1)).name };
}

function behind({ tenant, name }: SpoolName): string {
  return keyOf(tenant, behindChunks(name));
}
