import type { MetricsPage } from './metrics-page.js';

interface RegionSources {
  /** Of a region that follows another deployment over HTTP; undefined: this is none. */
  lagMs: (() => number | undefined) | undefined;
  /** The members of the store that are read here; undefined: it has none. */
  replicas:
    | { readonly maxLagMs: number | undefined; readonly lags: readonly { lagMs: number }[] }
    | undefined;
}

/** Declares how old what this node serves may be; it says nothing where that is always the latest. */
export function addRegionMetrics(page: MetricsPage, { lagMs, replicas }: RegionSources): void {
  page.level(
    'region_lag_seconds',
    'How far what a region serves may be behind its primary; each query node says so: max.',
    () => {
      const ms = lagMs === undefined ? lagOfMembers(replicas) : lagMs();
      return ms === undefined ? undefined : ms / 1_000;
    },
  );
}

/** Of the member that is furthest behind, while members are read. */
function lagOfMembers(replicas: RegionSources['replicas']): number | undefined {
  if (replicas?.maxLagMs === undefined || replicas.lags.length === 0) return undefined;
  return Math.max(...replicas.lags.map(({ lagMs }) => lagMs));
}
