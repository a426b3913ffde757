import type { Config } from '../config/settings.js';
import type { Logger } from '../core/logger.js';
import { addCpuMetrics } from '../metrics/cpu-metrics.js';
import { addMachineMetrics } from '../metrics/machine-metrics.js';
import { MetricsPage } from '../metrics/metrics-page.js';
import { MetricsServer } from '../metrics/metrics-server.js';
import { packageVersion } from './package-file.js';
import type { Opened } from './run-role.js';
import { isLoopback } from './shard-address.js';

/** The page of a process, with what it has to live on; of its work others declare more. */
export function metricsPage(role: string, config: Config, dataDir?: string): MetricsPage {
  const { region, certificateFiles } = config;
  const page = new MetricsPage({ role, version: packageVersion(), region });
  addCpuMetrics(page);
  addMachineMetrics(page, { dataDir, certificates: certificateFiles?.split(',') ?? [] });
  return page;
}

/** Serves `page` on `METRICS_PORT`: it is not ready until told otherwise. Undefined: there is no such port. */
export async function openMetricsServer(
  page: MetricsPage,
  { metricsPort: port, host, adminKey }: Config,
  logger: Logger,
  opened: Opened,
): Promise<MetricsServer | undefined> {
  if (port === undefined) return undefined;
  const server = new MetricsServer(page, { host, port, adminKey, loopback: isLoopback(host) });
  logger.info({ port: await server.listen() }, 'metrics are served');
  opened.add(() => server.close());
  return server;
}

/** Both, of a process that has no other page: nothing is kept for one where there is no `METRICS_PORT`. */
export async function openMetrics(
  role: string,
  config: Config,
  logger: Logger,
  opened: Opened,
  dataDir?: string,
): Promise<{ page?: MetricsPage; metrics?: MetricsServer | undefined }> {
  if (config.metricsPort === undefined) return {};
  const page = metricsPage(role, config, dataDir);
  return { page, metrics: await openMetricsServer(page, config, logger, opened) };
}
