import type { ColdArchive } from '../backup/cold/cold-archive.js';
import type { Config } from '../config/settings.js';
import type { Ingest } from '../ingest/ingest.js';
import type { OpenUrl } from '../jobs/imports/fetch-feed.js';
import { jobKinds, ofCluster, type KindDeps } from '../jobs/kinds.js';
import { openRemoteFile } from '../jobs/remote-file.js';
import { RemoteHosts } from '../jobs/remote-hosts.js';
import type { SwitchFleet } from '../jobs/switch-terms.js';
import type { UntilSearchable } from '../placement/until-searchable.js';
import type { ShardFleet } from '../shard-client/shard-fleet.js';
import { diskUse } from './open-archive.js';
import type { OpenedCluster } from './open-cluster.js';

type Background = Omit<
  KindDeps,
  | 'away'
  | 'grower'
  | 'dedicator'
  | 'fill'
  | 'tombstoneRetentionMs'
  | 'nodes'
  | 'fleet'
  | 'advice'
  | 'imports'
  | 'tiers'
>;

/** What is done in the background. */
export function kindsOfJobs(
  config: Config,
  { away, grower, dedicator, fill, advice: taker }: OpenedCluster,
  { ingest, archive, ...deps }: Background & { ingest: Ingest; archive: ColdArchive | undefined },
  { fleet, searchable }: { fleet: ShardFleet; searchable: UntilSearchable },
): ReturnType<typeof jobKinds> {
  const { tombstoneRetentionMs, auto, coolDownMs } = config;
  const kinds = jobKinds({
    ...{ ...deps, away, grower, dedicator, fill, tombstoneRetentionMs },
    ...{ nodes: fleet, fleet: switchFleet(fleet, searchable) },
    advice: auto ? { taker, coolDownMs } : undefined,
    imports: { ...importSettings(config), ingest, openUrl: openerOf(config) },
    tiers: {
      ...{ archive, everyMs: config.tiersEveryMs, diskUse: () => diskUse(config) },
      fullShare: config.tiersDiskPercent / 100,
      nudge: (tenant) => fleet.nudge(tenant),
    },
  });
  // What changes products and records is the primary's to do.
  return config.regionOf === undefined ? kinds : ofCluster(kinds);
}

/** Fetches feeds of the hosts that are allowed. */
function openerOf({ importHosts, importSpoolBytes, importTimeoutMs }: Config): OpenUrl {
  const hosts = new RemoteHosts(importHosts);
  const bounds = { hosts, maxBytes: importSpoolBytes, timeoutMs: importTimeoutMs };
  return async function* (url, signal) {
    yield* await openRemoteFile({ ...bounds, url, signal });
  };
}

function importSettings(config: Config) {
  const { maxProductBytes, pruneConfirmShare, importSpoolBytes } = config;
  const { importAttempts, importTimeoutMs, importRetentionMs } = config;
  return {
    ...{ maxProductBytes, pruneConfirmShare, importSpoolBytes },
    ...{ importAttempts, importTimeoutMs, importRetentionMs },
  };
}

/** The shards as the job sees them that has new text settings serve. */
function switchFleet(fleet: ShardFleet, searchable: UntilSearchable): SwitchFleet {
  return {
    switching: () =>
      fleet.kept().flatMap(({ reply }) => reply?.switching.first.map(({ tenant }) => tenant) ?? []),
    awaitApplied: (...awaited) => searchable.awaitApplied(...awaited),
  };
}
