/** Rows are told apart by the first 12 bits of the hash of their id. */
export const BUCKETS = 4_096;
const BUCKET_SHIFT = 20;

export function bucketOf(hash: number): number {
  return hash >>> BUCKET_SHIFT;
}

/**
 * What a set of rows amounts to, whatever the order in which they are added: for each bucket their
 * count, and the sum of a 64-bit hash of id and version (as `CatalogueDigest`, by a hash that costs
 * nanoseconds: it must tell accidents apart, not forgeries).
 */
export class BucketDigests {
  private readonly rows = new Uint32Array(BUCKETS);
  private readonly low = new Uint32Array(BUCKETS);
  private readonly high = new Uint32Array(BUCKETS);

  /** `hash` is `hashId` of the row's id. A version is given out once a tenant. */
  add(hash: number, version: number): void {
    const bucket = bucketOf(hash);
    const versionHigh = Math.floor(version / 2 ** 32);
    const low = mix(hash ^ mix(version ^ Math.imul(versionHigh, 0x9e3779b1)));
    const high = mix(low ^ Math.imul(version, 0x85ebca77) ^ Math.imul(hash, 0xc2b2ae3d));
    increase(this.rows, bucket, 1);
    increase(this.low, bucket, low);
    increase(this.high, bucket, high);
  }

  /** The buckets in which the two sets are not the same. */
  differing(other: BucketDigests): number[] {
    const buckets: number[] = [];
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const isSame =
        this.rows[bucket] === other.rows[bucket] &&
        this.low[bucket] === other.low[bucket] &&
        this.high[bucket] === other.high[bucket];
      if (!isSame) buckets.push(bucket);
    }
    return buckets;
  }
}

/** Modulo 2^32, as all that is stored in such an array. */
function increase(sums: Uint32Array, bucket: number, by: number): void {
  sums[bucket] = (sums[bucket] as number) + by;
}

/** MurmurHash3's finalizer. */
function mix(value: number): number {
  let h = value ^ (value >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
