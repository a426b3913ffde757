import type { TakenBackups } from '../backup/taken-backups.js';
import { ConfigError } from '../config/setting.js';
import type { Config } from '../config/settings.js';
import type { HttpPorts } from '../http/ports.js';
import { JobWatch } from '../jobs/job-watch.js';
import { FiringAlerts } from '../metrics/firing-alerts.js';
import type { MetricsPage } from '../metrics/metrics-page.js';
import { addClusterFigures, addWriterMetrics } from './node-metrics.js';
import type { openNode } from './open-node.js';

interface Parts {
  node: Awaited<ReturnType<typeof openNode>>;
  config: Config;
  queryNodes: HttpPorts['queryNodes'];
  backups: Pick<TakenBackups, 'latest'>;
}

/**
 * What a query node tells of the moment, besides searches: on its page for Prometheus, and to operators. Throws
 * `ConfigError` where `ALERTMANAGER_URL` looks like an address and is none.
 */
export function openLive(
  page: MetricsPage,
  { node, config, queryNodes, backups }: Parts,
): Pick<HttpPorts, 'alerts' | 'census' | 'decisions' | 'jobs'> {
  const { store, fleet, jobs, cluster } = node;
  const { alertmanagerUrl: url } = config;
  if (url !== undefined && !URL.canParse(url)) {
    throw new ConfigError('ALERTMANAGER_URL names no host, or no port, that there can be');
  }
  addWriterMetrics(page, node);
  const works = config.serve !== 'read' && config.jobs > 0;
  const watch = new JobWatch(store.records);
  return {
    alerts: new FiringAlerts(url),
    census: addClusterFigures(page, { store, fleet, queryNodes, config, backups }),
    decisions: cluster.decisions,
    jobs: async () => (works ? jobs.figures().jobs : watch.look()),
  };
}
