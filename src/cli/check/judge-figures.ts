import { DAY_MS } from '../../core/days.js';
import type { MetricsPage } from '../metrics-text.js';
import { levelOf, type Finding } from './finding.js';

/** The same bounds as those of deploy/prometheus/rules.yml, where it has them. */
const MEMORY_SHARE = { warning: 0.85, critical: 0.9 };
const DISK_USED_SHARE = { warning: 0.85, critical: 0.95 };
/** Servers are asked every ten seconds: less may be none. */
const STORE_LAG_S = { warning: 15, critical: 60 };
/** Past the latter shoppers see prices of another hour. */
const REGION_LAG_S = { warning: 30, critical: 3_600 };
/** Changes that a shard has not applied yet, of which it counts no more of a tenant than the latter. */
const BEHIND = { warning: 1_000, critical: 10_000 };
const CERTIFICATE_DAYS = { warning: 21, critical: 5 };

/** What `/metrics` says of memory, disk, lag and certificates. */
export function judgeFigures(page: MetricsPage, nowMs: number): Finding[] {
  return [memory(page), ...disks(page), ...lag(page), ...certificates(page, nowMs)];
}

/** The last backup of all tenants by when it was begun: what was written later is not in it. Undefined: there is none. */
export function judgeBackup(begunAt: Date | undefined, nowMs: number, maxAgeMs: number): Finding {
  if (begunAt === undefined) {
    return { check: 'backup', level: 'critical', message: 'there is no backup of all tenants' };
  }
  const ageMs = nowMs - begunAt.getTime();
  const message = `the last backup is ${(ageMs / 3_600_000).toFixed(1)} hours old`;
  return { check: 'backup', level: ageMs > maxAgeMs ? 'critical' : 'ok', message };
}

/** A certificate by when it ends. */
export function judgeCertificate(what: string, endsAtMs: number, nowMs: number): Finding {
  const days = (endsAtMs - nowMs) / DAY_MS;
  const level = levelOf(-days, -CERTIFICATE_DAYS.warning, -CERTIFICATE_DAYS.critical);
  const message = `${what} ${days < 0 ? 'has ended' : `ends in ${Math.floor(days)} days`}`;
  return { check: 'certificate', level, message };
}

function memory(page: MetricsPage): Finding {
  const used = page.max('memory_used_bytes');
  const limit = page.max('memory_limit_bytes');
  if (used === undefined || limit === undefined) return untold('memory');
  const share = used / limit;
  const level = levelOf(share, MEMORY_SHARE.warning, MEMORY_SHARE.critical);
  return { check: 'memory', level, message: `${percent(share)} of memory is in use` };
}

function disks(page: MetricsPage): Finding[] {
  const found = page.all('disk_free_bytes').flatMap(({ labels, value: free }) => {
    const { path = '' } = labels;
    const size = page.max('disk_size_bytes', { path });
    if (size === undefined) return [];
    const share = 1 - free / size;
    const level = levelOf(share, DISK_USED_SHARE.warning, DISK_USED_SHARE.critical);
    return [
      { check: 'disk', level, message: `${percent(share)} of the disk of ${path} is in use` },
    ];
  });
  return found.length === 0 ? [untold('disk')] : found;
}

function lag(page: MetricsPage): Finding[] {
  const behind = page.max('shard_behind') ?? 0;
  const { warning, critical } = BEHIND;
  const shards: Finding = {
    check: 'lag',
    level: levelOf(behind, warning, critical),
    message: `shards have at most ${behind} changes to apply`,
  };
  const store = page.max('store_replica_lag_seconds');
  const region = page.max('region_lag_seconds');
  return [
    shards,
    ...lagOf(store, STORE_LAG_S, (seconds) => `the store's members lag ${seconds} s at most`),
    ...lagOf(region, REGION_LAG_S, (seconds) => `the region is ${seconds} s behind its primary`),
  ];
}

function lagOf(
  seconds: number | undefined,
  { warning, critical }: typeof STORE_LAG_S,
  say: (seconds: number) => string,
): Finding[] {
  if (seconds === undefined) return [];
  return [{ check: 'lag', level: levelOf(seconds, warning, critical), message: say(seconds) }];
}

function certificates(page: MetricsPage, nowMs: number): Finding[] {
  return page
    .all('certificate_expires_timestamp_seconds')
    .map(({ labels, value }) => judgeCertificate(labels['file'] ?? '', value * 1_000, nowMs));
}

function untold(check: string): Finding {
  return { check, level: 'unknown', message: 'the server does not tell' };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
