import type { FastifyInstance } from 'fastify';
import type { PartitionChoice } from '../cluster/choose-partitions.js';
import type {
  ChangedPartitions,
  ChangeOptions,
  ClusterPartition,
} from '../cluster/cluster-desk.js';
import { placeKey } from '../cluster/placed-pages.js';
import {
  adviceBody,
  changedBody,
  nodeBody,
  partitionBody,
  planBody,
  queryNodeBody,
} from './cluster-reply.js';
import {
  ClusterQuery,
  ClusterReply,
  DrainReply,
  MoveRequest,
  NothingMore,
  PartitionsReply,
  PinRequest,
  PlanQuery,
  PlanReply,
  ReshapeRequest,
  UndrainReply,
} from './cluster-schemas.js';
import { SMALL_BYTES } from './limits.js';
import { listed, listOptions } from './list-reply.js';
import type { HttpPorts } from './ports.js';
import { replies } from './reply-schemas.js';

interface Params {
  name: string;
}

/** `/admin/cluster`, `/admin/placement/…` and `/admin/nodes/…`: what lies on which node, for operators. */
export function clusterRoutes(app: FastifyInstance, ports: HttpPorts): void {
  const { cluster, aliases } = ports;
  app.get<{ Querystring: ClusterQuery }>(
    '/admin/cluster',
    { schema: { querystring: ClusterQuery, ...replies(ClusterReply) } },
    async ({ query: { tenant: named, node, ...list } }) => {
      const { after, limit } = listOptions(list);
      const tenant = named && (await aliases.resolve(named));
      const found = await cluster.show({ tenant, node, after, limit: limit + 1 });
      const { partitions, ...next } = listed('partitions', found.partitions, limit, placeKey);
      const bodies = (partitions as ClusterPartition[]).map(partitionBody);
      const nodes = found.nodes.map(nodeBody);
      const queryNodes = ports.queryNodes().map(queryNodeBody);
      // Once is enough for who reads all pages.
      const advice = after === undefined ? { advice: await adviceOf(cluster) } : {};
      return { nodes, query_nodes: queryNodes, partitions: bodies, ...advice, ...next };
    },
  );

  placementRoutes(app, { cluster, aliases });

  app.post<{ Params: Params; Body: object }>(
    '/admin/nodes/:name/drain',
    { schema: { body: NothingMore, ...replies(DrainReply) }, bodyLimit: SMALL_BYTES },
    async ({ params: { name } }) => {
      const { plan, left } = await cluster.drain(name);
      return { node: name, drained: true, ...planBody(plan), left };
    },
  );

  app.delete<{ Params: Params }>(
    '/admin/nodes/:name/drain',
    { schema: replies(UndrainReply) },
    async ({ params: { name } }) => {
      await cluster.undrain(name);
      return { node: name, drained: false };
    },
  );
}

async function adviceOf(cluster: HttpPorts['cluster']): Promise<object[]> {
  return (await cluster.advice()).map(adviceBody);
}

function placementRoutes(
  app: FastifyInstance,
  { cluster, aliases }: Pick<HttpPorts, 'cluster' | 'aliases'>,
): void {
  const changed = async (
    { dry_run: isDryRun = false, ...choice }: PartitionChoice & { dry_run?: boolean },
    change: (choice: PartitionChoice, options: ChangeOptions) => Promise<ChangedPartitions>,
  ) => {
    const tenant = await aliases.resolve(choice.tenant);
    return changedBody(await change({ ...choice, tenant }, { isDryRun }), isDryRun);
  };

  app.get<{ Querystring: PlanQuery }>(
    '/admin/placement/plan',
    { schema: { querystring: PlanQuery, ...replies(PlanReply) } },
    async ({ query: { drain } }) => {
      const plan = planBody(await cluster.plan(drain));
      return drain === undefined ? { ...plan, advice: await adviceOf(cluster) } : plan;
    },
  );

  app.post<{ Body: object }>(
    '/admin/placement/apply',
    { schema: { body: NothingMore, ...replies(PlanReply) }, bodyLimit: SMALL_BYTES },
    async () => planBody(await cluster.apply()),
  );

  app.post<{ Body: MoveRequest }>(
    '/admin/placement/move',
    { schema: { body: MoveRequest, ...replies(PartitionsReply) }, bodyLimit: SMALL_BYTES },
    async ({ body: { to, ...choice } }) =>
      changed(choice, (one, how) => cluster.move(one, to, how)),
  );

  app.post<{ Body: PinRequest }>(
    '/admin/placement/pin',
    { schema: { body: PinRequest, ...replies(PartitionsReply) }, bodyLimit: SMALL_BYTES },
    async ({ body: { pinned, ...choice } }) =>
      changed(choice, (one, how) => cluster.pin(one, pinned, how)),
  );

  for (const verb of ['split', 'merge'] as const) {
    app.post<{ Body: ReshapeRequest }>(
      `/admin/placement/${verb}`,
      { schema: { body: ReshapeRequest, ...replies(PartitionsReply) }, bodyLimit: SMALL_BYTES },
      async ({ body }) => changed(body, (one, how) => cluster[verb](one, how)),
    );
  }
}
