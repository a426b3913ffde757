import { reasonOf } from '../../core/errors.js';
import { FairQueue } from '../../core/fair-queue.js';
import type { Logger } from '../../core/logger.js';
import { replicaKey, isCompleteBy } from '../../store/partition-map.js';
import type { Partition, StoreReader, TenantPlacement } from '../../store/store.js';
import { Assignment } from '../follow/assignment.js';
import { isReadable, type Manifest } from '../index/manifest.js';
import { segmentBytes, type SegmentRecord } from '../index/segment-record.js';
import { fetchSegments, type CopyTarget, type WantedFiles } from './fetch-segments.js';
import type { IncomingRows } from './incoming-rows.js';
import type { PeerCalls } from './peer-calls.js';
import { WantedRows } from './wanted-rows.js';

export interface PeerOptions {
  calls: PeerCalls;
  /** What others may copy from this shard; 0: nothing, and it copies nothing itself. */
  bytesPerS: number;
  /** Fewer are read from the store in no time. */
  minRows: number;
}

/** Which index is built. */
export interface CopiedIndex extends CopyTarget {
  tenant: string;
  model: string;
  /** How its words are made, see `termsKey`, and under which generation of the settings. */
  terms: string;
  generation: number;
}

export interface CopyWish {
  /** Partitions that are missing, by the `replicaKey` that they have here. */
  keys: readonly string[];
  /** Nothing is held, and nothing of the feed was read: what is taken for complete since it came first has to come as well. */
  isFirst: boolean;
}

/** Copies at once: the others wait. */
const COPIES_AT_ONCE = 2;
const MAX_WAITING = 100_000;
/** Peers that are tried one after the other. */
const MAX_TRIED = 2;
/** Where less of what would be copied is wanted, the rest costs more than it spares. */
const MIN_WANTED_SHARE = 0.5;

/** There is nothing to copy, or it is not worth it: nothing is wrong. */
class NotWorthIt extends Error {}

/** Builds what is missing here from what other shards have sealed of it. */
export class PeerCopies {
  private readonly queue = new FairQueue({
    what: 'copies',
    concurrency: COPIES_AT_ONCE,
    maxWaiting: MAX_WAITING,
    maxWaitingOfTenant: MAX_WAITING,
  });

  constructor(
    private readonly shard: string,
    private readonly store: StoreReader,
    private readonly options: PeerOptions,
    private readonly logger: Logger,
  ) {}

  /**
   * Rows of a peer's files that make some of the wish complete, once the feed was read from their position
   * on. Undefined: the store is to be read instead. Never rejects.
   */
  async copy(
    index: CopiedIndex,
    wish: CopyWish,
    signal: AbortSignal,
  ): Promise<IncomingRows | undefined> {
    if (this.options.bytesPerS === 0) return undefined;
    const { tenant } = index;
    try {
      const peers = await this.peersOf(tenant, wish);
      if (peers.length === 0) return undefined;
      return await this.queue.run(tenant, () => this.copyFromAny(peers, index, wish, signal), {
        signal,
      });
    } catch (error) {
      if (!signal.aborted) {
        this.logger.warn({ tenant, error: String(error) }, 'peers could not be asked');
      }
      return undefined;
    }
  }

  /** Who serves something of it, whoever has most first; none where it is little. */
  private async peersOf(tenant: string, wish: CopyWish): Promise<string[]> {
    const { store, shard } = this;
    const placement = await store.placement(tenant);
    const held = new Map<string, Partition[]>();
    for (const partition of wishedOf(new Assignment(shard, placement), wish)) {
      for (const { node, state } of partition.replicas) {
        if (node === shard || state === 'building') continue;
        held.set(node, [...(held.get(node) ?? []), partition]);
      }
    }
    if (held.size === 0) return [];
    const categories = await store.categories(tenant);
    return [...held]
      .map(([node, partitions]) => {
        return { node, rows: new WantedRows(placement, partitions).count(categories) };
      })
      .filter(({ rows }) => rows >= this.options.minRows)
      .sort((a, b) => b.rows - a.rows)
      .map(({ node }) => node);
  }

  private async copyFromAny(
    peers: readonly string[],
    index: CopiedIndex,
    wish: CopyWish,
    signal: AbortSignal,
  ): Promise<IncomingRows | undefined> {
    const { tenant } = index;
    const reasons: string[] = [];
    let isWrong = false;
    for (const node of peers.slice(0, MAX_TRIED)) {
      try {
        return await this.copyFrom(node, index, wish, signal);
      } catch (error) {
        if (signal.aborted) return undefined;
        reasons.push(`${node}: ${reasonOf(error)}`);
        isWrong ||= !(error instanceof NotWorthIt);
      }
    }
    const level = isWrong ? 'warn' : 'info';
    this.logger[level]({ tenant, reasons }, 'built from the store, as no peer gave its files');
    return undefined;
  }

  private async copyFrom(
    node: string,
    index: CopiedIndex,
    wish: CopyWish,
    signal: AbortSignal,
  ): Promise<IncomingRows> {
    const { calls } = this.options;
    const { tenant, generation } = index;
    const beganMs = performance.now();
    const offered = await calls.offer(node, tenant, generation, signal).catch((error: unknown) => {
      throw new NotWorthIt(reasonOf(error));
    });
    const { transfer } = offered;
    try {
      const manifest = this.usable(offered.manifest, index);
      // Read after the offer: where the peer has a partition now, it had it when that was made.
      const placement = await this.store.placement(tenant);
      const { rows, ...wanted } = this.choose(node, manifest, placement, wish);
      const incoming = await fetchSegments(wanted, index, (file, from, bytes) =>
        calls.read(node, { transfer, file, from, bytes }, signal),
      );
      try {
        await incoming.keepOnly(rows);
      } catch (error) {
        await incoming.discard();
        throw error;
      }
      const bytes = incoming.segments.reduce((sum, { record }) => sum + segmentBytes(record), 0);
      const ms = Math.round(performance.now() - beganMs);
      const { keys } = wanted;
      this.logger.info({ tenant, peer: node, partitions: keys, bytes, ms }, 'copied from a peer');
      return incoming;
    } finally {
      calls.end(node, transfer);
    }
  }

  private usable(json: string, { model, terms, tenant }: CopiedIndex): Manifest {
    const manifest = JSON.parse(json) as Manifest;
    const isUsable =
      isReadable(manifest) &&
      manifest.storeId === this.store.storeId &&
      manifest.model === model &&
      manifest.terms === terms &&
      manifest.tenant === tenant &&
      manifest.position !== null;
    if (!isUsable) throw new NotWorthIt('its files are of another format, model or analyzer');
    return manifest;
  }

  /** Throws `NotWorthIt`. */
  private choose(
    node: string,
    manifest: Manifest,
    placement: TenantPlacement,
    wish: CopyWish,
  ): WantedFiles & { rows: WantedRows } {
    const [own, peer] = [new Assignment(this.shard, placement), new Assignment(node, placement)];
    const complete = new Set(manifest.partitions);
    const covered = wishedOf(own, wish).filter((each) => {
      const replica = peer.replicaOf(each);
      if (replica === undefined || replica.state === 'building') return false;
      return isCompleteBy(each, replica, complete);
    });
    const leftOut = own.partitions.filter((each) => !covered.includes(each));
    if (wish.isFirst && leftOut.some((each) => own.replicaOf(each)?.isFirst)) {
      throw new NotWorthIt('it has not all that has to be there from the start');
    }
    const rows = new WantedRows(placement, covered);
    const wantedOf = ({ categories }: SegmentRecord): number =>
      rows.count(categories.map((each) => ({ category: each.category, products: each.rows })));
    const chosen = [...manifest.segments.entries()].filter(([, record]) => wantedOf(record) > 0);
    const wantedRows = chosen.reduce((sum, [, record]) => sum + wantedOf(record), 0);
    const allRows = chosen.reduce((sum, [, record]) => sum + record.rows, 0);
    if (chosen.length === 0) throw new NotWorthIt('nothing of it is sealed there');
    if (wantedRows < MIN_WANTED_SHARE * allRows) {
      throw new NotWorthIt('less than half of its rows is wanted');
    }
    const keys = covered.map((each) => replicaKey(each, own.replicaOf(each)));
    return { manifest, segments: chosen.map(([i]) => i), keys, rows };
  }
}

function wishedOf(own: Assignment, { keys }: CopyWish): Partition[] {
  const wished = new Set(keys);
  return own.partitions.filter((each) => wished.has(replicaKey(each, own.replicaOf(each))));
}
