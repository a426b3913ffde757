import { keepOnly } from './load-segments.js';
import { decodePosition, namesIn, type Manifest } from './manifest.js';
import { SparedNames, type PinnedFiles } from './pinned-files.js';
import type { TenantIndex } from './tenant-index.js';
import { NOWHERE, writeSealed, type Loaded } from './write-sealed.js';

/** Where a tenant's manifest is written, and what it says of where it is from. */
export type SealedPlace = Pick<Manifest, 'storeId' | 'terms'> & { folder: string };

/** What lies on the disk of a tenant: the manifest, and what its segments amount to. */
export class SealedState {
  /** What the segments on disk amount to; the tail's rows are beyond it. */
  amount: Loaded = NOWHERE;
  /** How often rows were lost. */
  losses = 0;
  /** What no build removes from the folder. */
  readonly spared = new SparedNames();
  /** As it lies on the disk. */
  private manifest: Manifest | undefined;

  constructor(private readonly place: SealedPlace) {}

  /** A start found this manifest. False: all has to be compared with the store. */
  begin(manifest: Manifest | undefined, isComplete: boolean): boolean {
    this.manifest = manifest;
    this.amount = NOWHERE;
    if (manifest === undefined || manifest.position === null || !isComplete) return false;
    const { partitions } = manifest;
    this.amount = { position: decodePosition(manifest.position), partitions };
    return true;
  }

  /** It says how far it goes: what is written beside it now can be relied on. */
  get isReliable(): boolean {
    return this.manifest !== undefined && this.amount.position !== undefined;
  }

  /** No manifest may say that all is there until it was compared. */
  lose(): void {
    this.losses += 1;
    this.amount = NOWHERE;
  }

  /** What is sealed, for others to copy; undefined where it cannot be relied on. */
  pin(): PinnedFiles | undefined {
    const { manifest, isReliable } = this;
    if (manifest === undefined || !isReliable) return undefined;
    const { folder } = this.place;
    return { manifest, folder, release: this.spared.spare(namesIn(manifest)) };
  }

  /**
   * Writes a manifest of the segments as they are now, and removes what it does not name.
   *
   * @param state what they amount to, unless more rows were lost than `losses`
   */
  async write(index: TenantIndex, state: Loaded, losses: number): Promise<void> {
    const amount = this.losses === losses ? state : NOWHERE;
    const manifest = await writeSealed(index, amount, this.place);
    this.amount = this.losses === losses ? amount : NOWHERE;
    this.manifest = manifest;
    // Others come, and are taken in, while files are removed.
    const isHere = (name: string): boolean => index.segments.some((each) => each.name === name);
    const isKept = (name: string): boolean => this.spared.has(name) || isHere(name);
    await keepOnly(this.place.folder, manifest, isKept);
  }
}
