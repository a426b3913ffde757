/** Recall of the searches of one band of selectivity, over all tenants of a shard. */
export interface RecallBand {
  /** Upper end of the band: a share of the tenant's live rows that match. */
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

/** A stored value that is left out because its checksum is wrong. */
interface DamagedValue {
  tenant: string;
  id: string;
  /** What of the product is damaged. */
  what: string;
}

/** From numbers that the shard keeps up to date: to answer takes no call of the store. */
export interface StatusReply {
  type: 'status';
  shard: string;
  documents: number;
  /** Of all components of its segments, and of what is not sealed yet. */
  bytes: number;
  /** Feed entries not applied yet, over all tenants, as far as they are known. */
  behind: number;
  /** Tenants that have something here. */
  tenants: number;
  /** Of the store, since the start. */
  storeReads: number;
  /** Of all tenants, as far as the placement gives them to this shard. */
  partitions: number;
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
