import type { Config } from '../config/settings.js';
import { ImportDesk, type ImportDeskDeps } from '../jobs/imports/import-desk.js';
import { openerOf } from './kinds-of-jobs.js';

/** Where imports are taken and looked at. */
export function openImports({
  config,
  ...deps
}: Pick<ImportDeskDeps, 'store' | 'tenants' | 'jobs'> & { config: Config }): ImportDesk {
  const { maxProductBytes, importSpoolBytes } = config;
  const fetches = openerOf(config) !== undefined;
  return new ImportDesk({ ...deps, maxProductBytes, importSpoolBytes, fetches });
}
