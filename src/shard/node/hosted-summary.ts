import type { TermSwitch } from '../../core/shard-status.js';
import type { HostedTenant } from './hosted-tenant.js';
import type { TenantGenerations } from './tenant-generations.js';

/** Tenants that are named while their words are made anew; the others are counted. */
const NAMED_SWITCHES = 100;

/** What all tenants together come to. */
export interface HostedSummary {
  tenants: number;
  partitions: number;
  documents: number;
  bytes: number;
  deadBytes: number;
  warm: { documents: number; bytes: number };
  behind: number;
  switching: { tenants: number; first: TermSwitch[] };
  /** Undefined: everything can be searched. */
  notReady: string | undefined;
}

/** @param listed all that was there at the start has been looked at */
export function summaryOf(hosted: readonly TenantGenerations[], listed: boolean): HostedSummary {
  const none = { partitions: 0, documents: 0, bytes: 0, deadBytes: 0, behind: 0 };
  const sum = { tenants: hosted.length, ...none, warm: { documents: 0, bytes: 0 } };
  const switching = { tenants: 0, first: [] as TermSwitch[] };
  let unready = 0;
  for (const { tenant, serving, next, all } of hosted) {
    const { assignment, documents, behind, isReady } = serving;
    for (const { replicas } of assignment.partitions) sum.partitions += 1 / replicas.length;
    sum.documents += documents;
    sum.behind += behind;
    for (const { bytes, deadBytes, warm } of all) {
      sum.bytes += bytes;
      sum.deadBytes += deadBytes;
      sum.warm.bytes += warm.bytes;
    }
    sum.warm.documents += serving.warm.documents;
    if (!isReady) unready += 1;
    if (next === undefined) continue;
    switching.tenants += 1;
    if (switching.first.length < NAMED_SWITCHES) switching.first.push(switchOf(tenant, next));
  }
  let notReady: string | undefined;
  if (!listed) notReady = 'its tenants are being looked for';
  else if (unready > 0) notReady = `${unready} of ${sum.tenants} tenants are not complete yet`;
  return { ...sum, deadBytes: Math.round(sum.deadBytes), switching, notReady };
}

function switchOf(tenant: string, next: HostedTenant): TermSwitch {
  const { settings, progress, hasCaughtUp } = next;
  return { tenant, generation: settings.generation, ...progress, ready: hasCaughtUp };
}
