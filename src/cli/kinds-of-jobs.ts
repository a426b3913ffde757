import type { Config } from '../config/settings.js';
import type { Ingest } from '../ingest/ingest.js';
import type { OpenUrl } from '../jobs/imports/fetch-feed.js';
import { jobKinds, type KindDeps } from '../jobs/kinds.js';
import type { SwitchFleet } from '../jobs/switch-terms.js';
import type { UntilSearchable } from '../placement/until-searchable.js';
import type { ShardFleet } from '../shard-client/shard-fleet.js';
import type { OpenedCluster } from './open-cluster.js';

/** Which fetches safely is not part of this version yet. */
const NOTHING_FETCHES: OpenUrl | undefined = undefined;

type Background = Omit<
  KindDeps,
  'away' | 'grower' | 'tombstoneRetentionMs' | 'nodes' | 'fleet' | 'advice' | 'imports'
>;

/** What is done in the background. */
export function kindsOfJobs(
  config: Config,
  { away, grower, advice: taker }: OpenedCluster,
  { ingest, ...deps }: Background & { ingest: Ingest },
  { fleet, searchable }: { fleet: ShardFleet; searchable: UntilSearchable },
): ReturnType<typeof jobKinds> {
  const { tombstoneRetentionMs, auto, coolDownMs } = config;
  return jobKinds({
    ...{ ...deps, away, grower, tombstoneRetentionMs },
    ...{ nodes: fleet, fleet: switchFleet(fleet, searchable) },
    advice: auto ? { taker, coolDownMs } : undefined,
    imports: { ...importSettings(config), ingest, openUrl: openerOf(config) },
  });
}

/** What fetches feeds of the hosts that are allowed; undefined: nothing is fetched. */
export function openerOf({ importHosts = '' }: Pick<Config, 'importHosts'>): OpenUrl | undefined {
  const hosts = importHosts.split(',').filter((host) => host !== '');
  return hosts.length === 0 ? undefined : NOTHING_FETCHES;
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
