import { hostname } from 'node:os';
import type { FastifyInstance } from 'fastify';
import type { ScalingDecision } from '../cluster/decision-log.js';
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
    decisions: await latestDecisions(ports),
  }));
}

/** Of operators and of `AUTO`, and of `omnisearch autoscale`, the latest first. */
async function latestDecisions({
  decisions,
  scaling,
}: Pick<HttpPorts, 'decisions' | 'scaling'>): Promise<ScalingDecision[]> {
  const [made, scaled] = await Promise.all([decisions.latest(), scaling.show(MAX_DECISIONS)]);
  const ofScaler = scaled.decisions.map((decision): ScalingDecision => {
    const { at_ms: atMs, role, from, to, reason } = decision as unknown as ScaledRole;
    const at = new Date(atMs).toISOString();
    return { at, by: 'autoscale', what: `${role}: ${from} → ${to}`, why: reason };
  });
  const all = [...made, ...ofScaler].sort((a, b) => (a.at < b.at ? 1 : -1));
  return all.slice(0, MAX_DECISIONS);
}

const MAX_DECISIONS = 100;

/** As the scaler keeps it. */
interface ScaledRole {
  at_ms: number;
  role: string;
  from: number;
  to: number;
  reason: string;
}
