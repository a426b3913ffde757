import type { Config } from '../config/settings.js';
import { ImportDesk, type ImportDeskDeps } from '../jobs/imports/import-desk.js';
import { RemoteHosts } from '../jobs/remote-hosts.js';

/** Where imports are taken and looked at. */
export function openImports({
  config,
  ...deps
}: Pick<ImportDeskDeps, 'store' | 'tenants' | 'jobs'> & { config: Config }): ImportDesk {
  const { maxProductBytes, importSpoolBytes, importHosts } = config;
  const hosts = new RemoteHosts(importHosts);
  return new ImportDesk({ ...deps, maxProductBytes, importSpoolBytes, hosts });
}
