/** Recall of the searches whose filter lets a certain share of the rows through, over all tenants of a shard. */
export interface RecallBand {
  /** Upper end of that share; the lower one is the end of the band before. */
  selectivity: number;
  /** Searches repeated exactly since the start. */
  repeats: number;
  /** Of the best matches, the share found lately, and its bounds; null before the first repeat. */
  recall: number | null;
  low: number | null;
  high: number | null;
  /** Surely below the target. */
  failing: boolean;
}

export interface RecallReport {
  target: number;
  bands: RecallBand[];
}

/** Comparisons of what a shard holds with the store, over all its tenants. */
export interface ReconciliationReport {
  /** Complete comparisons of one tenant since the start. */
  checks: number;
  /** How many of them found a difference, which was then healed. */
  reconciled: number;
  /** All tenants were compared since then (epoch ms); null until each was. */
  checkedAtMs: number | null;
}

/** A stored value whose checksum failed: whose (a product's id, or a key), and of which table. */
export interface DamagedValue {
  tenant: string;
  id: string;
  what: string;
}

/** A tenant whose words are being made anew, under changed settings or by another analyzer. */
export interface TermSwitch {
  tenant: string;
  /** The one that is to serve. */
  generation: number;
  /** Products that are in it, of how many. */
  documents: number;
  of: number;
  /** All that there was is in it. */
  ready: boolean;
}

/** What a shard says of itself, from numbers that it keeps up to date. */
export interface ShardStatus {
  documents: number;
  /** Of all components of its segments, and of what is not sealed yet. */
  bytes: number;
  /** Of `bytes`, what is of rows that are gone: it goes with the next merge. Absent: of a version that did not say. */
  deadBytes?: number;
  /** Of documents and `bytes`, what is warm: its files are mapped. Absent: of a version that did not say. */
  warm?: { documents: number; bytes: number };
  /**
   * The share of its time for which the thread that answers searches was busy over the last minute, from 0 to 1. Absent
   * in its first minute, which says more of the start.
   */
  load?: number;
  /** Feed entries not applied yet, over all tenants, as far as they are known. */
  behind: number;
  /** Feed entries applied since the start. Absent: of a version that did not say. */
  applied?: number;
  /** Tenants that have something here. */
  tenants: number;
  /** Of the store, since the start. */
  storeReads: number;
  /** Of all tenants, as far as the placement gives them to this node: a half of each where two hold it. */
  partitions: number;
  /** How many tenants' words are being made anew, and the first of them. */
  switching: { tenants: number; first: TermSwitch[] };
  /** What fails together with this node; absent where that is not known. */
  zone?: string;
  /** What it can hold. */
  capacityBytes?: number;
  /** Every assigned partition can be searched, or opened for it. */
  ready: boolean;
  /** Why it is not ready. */
  notReady?: string;
  /** The first of those that are left out. */
  damaged: DamagedValue[];
  /** Absent where recall is not watched. */
  recall?: RecallReport;
  /** Absent where nothing is compared. */
  reconciliation?: ReconciliationReport;
}

/** A shard as it last said; `reply` undefined where it did not. */
export interface ShardState {
  name: string;
  reply: ShardStatus | undefined;
  /** Why it did not. */
  problem?: string;
}
