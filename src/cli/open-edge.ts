import type { Config } from '../config/settings.js';
import type { Logger } from '../core/logger.js';
import { EdgePurge } from '../http/edge-purge.js';
import type { FleetPort } from '../ingest/ports.js';
import type { Store } from '../store/store.js';
import { aliasesOf } from '../tenancy/tenant-aliases.js';
import type { Opened } from './run-role.js';

interface EdgeParts {
  config: Config;
  store: Store;
  fleet: FleetPort;
  isBehind: () => boolean;
  logger: Logger;
  opened: Opened;
}

interface Edge {
  /** Told of a tenant, or an alias, whose answers are others from now on. */
  onChange: (name: string) => void;
  /** The shards, and the edge with them, hear of writes. */
  fleet: FleetPort;
}

/** Who keeps our answers on their way is told when they change, where `PURGE_URL` names it. */
export function openEdge({ config, store, fleet, isBehind, logger, opened }: EdgeParts): Edge {
  const url = config.purgeUrl;
  if (url === undefined) return { onChange: () => undefined, fleet };
  const names = (tenant: string) => aliasesOf(store.records, tenant);
  const purge = new EdgePurge({ url, aliasesOf: names, isBehind, logger });
  opened.add(() => purge.close());
  const onChange = (name: string): void => purge.changed(name);
  const nudge = (tenant: string): void => {
    fleet.nudge(tenant);
    onChange(tenant);
  };
  const awaitApplied: FleetPort['awaitApplied'] = (...asked) => fleet.awaitApplied(...asked);
  return { onChange, fleet: { nudge, awaitApplied } };
}
