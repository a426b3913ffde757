import { checkId, hashId, idHashes } from '../../core/ids.js';
import type { Spool, SpoolName } from '../../store/spool.js';

const HASH_BYTES = 8;
/** Hashes that are in memory at once: 32 MB with the room between them. */
const MAX_HELD = 2_000_000;

/** Ids that a feed has, as 64-bit hashes in the spool: a chunk for each call. */
export async function spoolSeen(
  spool: Spool,
  at: SpoolName,
  chunk: number,
  ids: readonly string[],
): Promise<void> {
  await spool.put(at, chunk, idHashes(ids));
}

/** The part of the hash space that is held, of so many. */
interface Part {
  part: number;
  parts: number;
}

/**
 * Ids of one part of the hash space, in a table with open addressing. Two ids that share a hash, once in 10^19 pairs,
 * count as one: a product too many stays.
 */
export class SeenIds {
  /** Pairs of 32 bits; 0, 0 is a free place. */
  private readonly table: Uint32Array;
  private readonly mask: number;

  private constructor(
    ids: number,
    private readonly of: Part,
  ) {
    const places = 2 ** Math.ceil(Math.log2(2 * ids + 2));
    this.table = new Uint32Array(2 * places);
    this.mask = places - 1;
  }

  /** In how many parts so many ids are held one after the other. */
  static partsOf(ids: number): number {
    return Math.max(1, Math.ceil(ids / MAX_HELD));
  }

  /** Reads all `chunks`, and keeps what belongs to the part. `ids` is how many they have at most. */
  static async load(
    spool: Spool,
    at: SpoolName,
    { chunks, ids }: { chunks: number; ids: number },
    of: Part,
  ): Promise<SeenIds> {
    // Twice what a part has on average: they never differ by so much.
    const seen = new SeenIds(of.parts === 1 ? ids : Math.ceil((2 * ids) / of.parts), of);
    for (let chunk = 0; chunk < chunks; chunk++) {
      const bytes = await spool.get(at, chunk);
      if (bytes === undefined) throw new Error(`chunk ${chunk} of the ids that were seen is gone`);
      for (let i = 0; i < bytes.length; i += HASH_BYTES) {
        seen.add(bytes.readUInt32BE(i), bytes.readUInt32BE(i + 4));
      }
    }
    return seen;
  }

  /** Undefined: it is not of this part. */
  has(id: string): boolean | undefined {
    const check = checkId(id);
    if (!this.isOwn(check)) return undefined;
    const [hash, second] = [hashId(id), notZero(check)];
    const place = this.placeOf(hash, second);
    return this.table[2 * place + 1] === second;
  }

  private add(hash: number, check: number): void {
    if (!this.isOwn(check)) return;
    const place = this.placeOf(hash, notZero(check));
    this.table[2 * place] = hash;
    this.table[2 * place + 1] = notZero(check);
  }

  private isOwn(check: number): boolean {
    return check % this.of.parts === this.of.part;
  }

  /** Where a hash is, or the free place where it would be. */
  private placeOf(hash: number, check: number): number {
    const { table, mask } = this;
    let place = (hash ^ check) & mask;
    for (; table[2 * place + 1] !== 0; place = (place + 1) & mask) {
      if (table[2 * place] === hash && table[2 * place + 1] === check) break;
    }
    return place;
  }
}

/** Of a place that is taken the second half is never 0. */
function notZero(check: number): number {
  return check === 0 ? 1 : check;
}
