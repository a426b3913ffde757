import { hostname } from 'node:os';
import type { FastifyInstance } from 'fastify';
import { LIVE_EVERY_MS, LIVE_WINDOW_MS, type LiveFigures } from '../metrics/live-figures.js';
import {
  alertsBody,
  AlertsReply,
  DecisionsReply,
  jobBody,
  LiveReply,
  pointsBody,
} from './live-reply.js';
import type { HttpPorts } from './ports.js';
import { replies } from './reply-schemas.js';

/** What the node itself knows of the moment. */
export interface LiveNode {
  version: string;
  figures: LiveFigures;
  /** Searches that wait for a place. */
  waiting(): number;
}

/** `GET /admin/live`, `/admin/alerts` and `/admin/decisions`: what goes on, for operators. */
export function liveRoutes(app: FastifyInstance, ports: HttpPorts, node: LiveNode): void {
  const { version, figures } = node;
  const startedAt = new Date(Date.now() - process.uptime() * 1_000).toISOString();
  const self = { host: hostname(), process: process.pid, started_at: startedAt, version };
  app.addHook('onClose', async () => figures.close());

  app.get('/admin/live', { schema: replies(LiveReply) }, async () => {
    const jobs = await ports.jobs?.();
    const census = ports.census?.();
    return {
      node: self,
      every_s: LIVE_EVERY_MS / 1_000,
      window_s: LIVE_WINDOW_MS / 1_000,
      points: pointsBody(figures.look()),
      queues: { searches: node.waiting(), embedding: ports.status.status().embeddingQueued },
      jobs: jobs === undefined ? null : [...jobs].map(jobBody),
      replicas_missing: census?.replicasMissing ?? null,
      categories_unavailable: census?.categoriesUnavailable ?? null,
    };
  });

  app.get('/admin/alerts', { schema: replies(AlertsReply) }, async () =>
    alertsBody((await ports.alerts?.read()) ?? { state: 'unset' }),
  );

  app.get('/admin/decisions', { schema: replies(DecisionsReply) }, async () => ({
    decisions: await ports.decisions.latest(),
  }));
}
