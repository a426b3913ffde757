import type { FastifyInstance } from 'fastify';
import { StageTimes } from '../core/stage-times.js';
import { LiveFigures } from '../metrics/live-figures.js';
import type { CacheCounts } from '../metrics/live-point.js';
import { MetricsPage } from '../metrics/metrics-page.js';
import { addNodeMetrics } from '../metrics/node-metrics.js';
import { addQueue } from '../metrics/queue-metrics.js';
import { SearchMetrics } from '../metrics/search-metrics.js';
import { chooseTenant, requireHost, requireTenant } from './access.js';
import { aliasRoutes } from './alias-routes.js';
import { auditRoutes } from './audit-routes.js';
import { backupRoutes } from './backup-routes.js';
import { clusterRoutes } from './cluster-routes.js';
import { compatRoutes } from './compat/routes.js';
import { addCors } from './cors.js';
import { getSearchRoute } from './get-search.js';
import { handoverRoutes } from './handover-routes.js';
import { insightRoutes } from './insight-routes.js';
import { KeyGate } from './key-gate.js';
import { keyRoutes } from './key-routes.js';
import { liveRoutes } from './live-routes.js';
import { pageRoutes } from './page-routes.js';
import type { HttpOptions, HttpPorts, RouteOptions } from './ports.js';
import { previewRoutes } from './preview-routes.js';
import { productRoutes } from './product-routes.js';
import { regionRoutes } from './region-routes.js';
import { ruleRoutes } from './rule-routes.js';
import { scalingRoutes } from './scaling-routes.js';
import { SearchCounter } from './search-counter.js';
import { SearchDesk } from './search-desk.js';
import { SearchGate } from './search-gate.js';
import { SearchLimits } from './search-limits.js';
import { searchRoutes } from './search-routes.js';
import { settingsRoutes } from './settings-routes.js';
import { categoryRoutes, healthRoutes, statsRoutes } from './status-routes.js';
import { storeRoutes } from './store-routes.js';
import { tenantRoutes } from './tenant-routes.js';
import { transferRoutes } from './transfer-routes.js';
import { usageRoutes } from './usage-routes.js';

/** Where nobody else tells anything of the process. */
function pageOf({ version = '0' }: Pick<HttpOptions, 'version'>): MetricsPage {
  return new MetricsPage({ role: 'query-node', version });
}

/** Of what was looked up, how much was there: in this process, then by way of Redis. */
function cachesOf({ status }: Pick<HttpPorts, 'status'>): Record<string, CacheCounts> {
  const { embeddingCache, answerCache, redis } = status.status();
  const shared = (redis?.uses ?? []).map(({ use, hits, misses, late }) => {
    return [`redis: ${use}`, { hits, misses: misses + late }] as const;
  });
  return { answers: answerCache, embeddings: embeddingCache, ...Object.fromEntries(shared) };
}

/** All routes, each behind the hooks that its kind has in common. Resolves with what counts the searches. */
export async function addRoutes(
  app: FastifyInstance,
  ports: HttpPorts,
  options: RouteOptions,
  isLeaving: () => boolean,
): Promise<Pick<SearchMetrics, 'total'>> {
  const { page = pageOf(options), stages = new StageTimes() } = ports;
  const metrics = new SearchMetrics(page, stages, options.metricsTenants ?? 0);
  addNodeMetrics(page, () => ports.status.status());
  const gate = new SearchGate(options.limits, (tenant) => ports.plans.weight(tenant));
  addQueue(page, 'searches', () => gate.waiting);
  const counter = new SearchCounter(metrics, ports.meter);
  const limits = new SearchLimits(ports, metrics);
  const desk = new SearchDesk(ports, options, { counter, stages, gate, limits });
  const keys = new KeyGate(ports, options, metrics);
  // Probes ask by address, and learn nothing that a stranger may not know.
  healthRoutes(app, ports, isLeaving);
  await app.register(async (named) => {
    if (options.allowedHosts !== undefined) {
      const checkHost = requireHost(options.allowedHosts);
      named.addHook('onRequest', (request, _, done) => {
        checkHost(request);
        done();
      });
    }
    await pageRoutes(named, options);
    const origins = options.corsOrigins ?? [];
    await named.register(async (scope) => {
      addCors(named, scope, origins);
      await compatRoutes(scope, ports, options, desk, keys);
    });
    await named.register(async (scope) => statsRoutes(scope, ports, keys, page));
    await named.register(async (scope) => {
      scope.addHook('onRequest', keys.enter);
      aliasRoutes(scope, ports);
      keyRoutes(scope, ports);
      clusterRoutes(scope, ports);
      liveRoutes(scope, ports, {
        version: options.version ?? '0',
        figures: new LiveFigures({ searches: metrics, stages, caches: () => cachesOf(ports) }),
        waiting: () => gate.waiting.length,
      });
      storeRoutes(scope, ports);
      scalingRoutes(scope, ports);
      await scope.register(async (inner) => regionRoutes(inner, ports));
      tenantRoutes(scope, ports);
      usageRoutes(scope, ports);
      await scope.register(async (inner) => transferRoutes(inner, ports, options));
      await scope.register(async (inner) => backupRoutes(inner, ports, options));
      await scope.register(async (inner) => handoverRoutes(inner, ports));
      await scope.register(async (inner) => {
        inner.addHook('onRequest', chooseTenant(ports));
        auditRoutes(inner, ports);
      });
    });
    await named.register(async (scope) => {
      addCors(named, scope, origins);
      scope.addHook('onRequest', keys.enter);
      scope.addHook('onRequest', chooseTenant(ports));
      await scope.register(async (inner) => {
        inner.addHook('onRequest', requireTenant(ports.tenants));
        searchRoutes(inner, ports, options, desk);
        getSearchRoute(inner, ports, options, desk);
        insightRoutes(inner, ports, desk);
        categoryRoutes(inner, ports, desk);
        settingsRoutes(inner, ports);
        ruleRoutes(inner, ports);
        previewRoutes(inner, ports, options, gate, desk);
      });
      await scope.register(async (inner) => productRoutes(inner, ports, options));
    });
  });
  return metrics;
}
