import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { OmniError } from '../core/errors.js';
import { NAME } from '../core/ids.js';
import { shardsOf } from '../tenancy/plan.js';
import {
  missingNodes,
  nodeAdvice,
  tenantAdvice,
  type NodeSample,
  type UpgradeAdvice,
} from '../tenancy/upgrade-advice.js';
import { KEPT_USAGE_DAYS } from '../tenancy/usage-meter.js';
import type { TenantReport } from '../tenancy/usage-report.js';
import { adviceBody } from './cluster-reply.js';
import { listed, listOptions, ListQuery } from './list-reply.js';
import type { HttpPorts } from './ports.js';
import { replies } from './reply-schemas.js';
import { CLOSED, integerText } from './schema-parts.js';
import { invoiceLines, moneyBody, usageBody } from './usage-reply.js';

const DEFAULT_DAYS = 30;
const PAGE_TENANTS = 100;
const MAX_ADVICE = 1_000;
/** Tenants that are listed with the least margins. */
const MAX_MARGINS = 100;

const UsageQuery = Type.Object(
  {
    ...ListQuery.properties,
    tenant: Type.Optional(
      Type.String({
        pattern: NAME.pattern.source,
        description: `a tenant's name: ${NAME.expected}`,
      }),
    ),
    days: Type.Optional(integerText(KEPT_USAGE_DAYS)),
    format: Type.Optional(
      Type.Unsafe<'json' | 'csv'>({
        type: 'string',
        enum: ['json', 'csv'],
        description: '"json" or "csv"',
      }),
    ),
    month: Type.Optional(
      Type.String({ pattern: '^\\d{4}-(0[1-9]|1[0-2])$', description: 'a month such as 2026-11' }),
    ),
  },
  CLOSED,
);
type UsageQuery = Static<typeof UsageQuery>;

const UsageReply = Type.Object({
  tenants: Type.Array(Type.Object({ tenant: Type.String() })),
  next_cursor: Type.Optional(Type.String()),
});

const AdviceReply = Type.Object({
  advice: Type.Array(Type.Object({ measure: Type.String(), level: Type.String() })),
  placement: Type.Array(Type.Object({})),
  margins: Type.Array(Type.Object({ tenant: Type.String() })),
  days_until_full: Type.Union([Type.Integer(), Type.Null()]),
});

/** `GET /usage`, what tenants use and pay, and `GET /admin/advice`, what outgrows what it has. */
export function usageRoutes(app: FastifyInstance, ports: HttpPorts): void {
  const { usage, plans, cluster } = ports;

  app.get<{ Querystring: UsageQuery }>(
    '/usage',
    {
      schema: {
        querystring: UsageQuery,
        produces: ['application/json', 'text/csv'],
        ...replies(UsageReply),
      },
    },
    async ({ query }, reply) => {
      if (query.format === 'csv') {
        const { month, ...days } = usage.month(query.month);
        const { tenant } = query;
        const pages = tenant === undefined ? allPages(ports, days) : [await reportOf(tenant, days)];
        const lines = Readable.from(invoiceLines(month, pages));
        return reply.header('content-type', 'text/csv; charset=utf-8').send(lines);
      }
      const { from, to } =
        query.month === undefined
          ? usage.lastDays(Number(query.days ?? DEFAULT_DAYS))
          : usage.month(query.month);
      if (query.tenant !== undefined) {
        return { tenants: (await reportOf(query.tenant, { from, to })).map(usageBody) };
      }
      const { after, limit } = listOptions({ limit: String(PAGE_TENANTS), ...query });
      const found = await usage.page(after, limit + 1, { from, to });
      const { tenants, ...next } = listed('tenants', found, limit, ({ record }) => record.id);
      return { tenants: (tenants as TenantReport[]).map(usageBody), ...next };
    },
  );

  app.get('/admin/advice', { schema: replies(AdviceReply) }, async () => {
    const known = await plans.list();
    const today = usage.lastDays(1);
    const advice: UpgradeAdvice[] = (await nodesOf(ports)).flatMap(nodeAdvice);
    let margins: TenantReport[] = [];
    for await (const page of allPages(ports, today)) {
      for (const report of page) {
        advice.push(...tenantAdvice(report, today.to, known));
        const shards = shardsOf(report.plan);
        if (shards === 0) continue;
        const { id } = report.record;
        advice.push(...missingNodes(id, { shards, ...(await ports.ownNodes.of(id)) }));
      }
      margins = leastMargins([...margins, ...page]);
      if (advice.length >= MAX_ADVICE) break;
    }
    advice.sort((a, b) => Number(b.level === 'critical') - Number(a.level === 'critical'));
    const placement = (await cluster.advice()).map(adviceBody);
    const money = margins.map((report) => ({ tenant: report.record.id, ...moneyBody(report) }));
    const days_until_full = (await ports.daysUntilFull?.()) ?? null;
    return { advice: advice.slice(0, MAX_ADVICE), placement, margins: money, days_until_full };
  });

  async function reportOf(
    tenant: string,
    days: { from: string; to: string },
  ): Promise<TenantReport[]> {
    const report = await usage.one(await ports.aliases.resolve(tenant), days);
    if (report !== undefined) return [report];
    throw new OmniError('not_found', `there is no tenant ${tenant}`, { field: 'tenant' });
  }
}

async function* allPages(
  { usage }: Pick<HttpPorts, 'usage'>,
  days: { from: string; to: string },
): AsyncGenerator<TenantReport[]> {
  for (let after: string | undefined; ;) {
    const page = await usage.page(after, PAGE_TENANTS, days);
    yield page;
    after = page.at(-1)?.record.id;
    if (page.length < PAGE_TENANTS) return;
  }
}

async function nodesOf(ports: HttpPorts): Promise<NodeSample[]> {
  const { nodes } = await ports.cluster.show({
    ...{ tenant: undefined, node: undefined, after: undefined, limit: 1 },
  });
  const shards = nodes.map(({ node, bytes, capacityBytes, load }): NodeSample => {
    const memory = capacityBytes === undefined ? undefined : bytes / capacityBytes;
    return { node, role: 'shard', memory, load };
  });
  const others = ports.queryNodes().map(({ lease }): NodeSample => {
    return { node: lease.address, role: 'query node', memory: undefined, load: lease.load };
  });
  return [...shards, ...others];
}

/** Of those whose plans have a price. */
function leastMargins(reports: readonly TenantReport[]): TenantReport[] {
  return reports
    .filter(({ priceMonth }) => priceMonth !== undefined)
    .sort((a, b) => marginOf(a) - marginOf(b))
    .slice(0, MAX_MARGINS);
}

function marginOf({ priceMonth = 0, costMonth }: TenantReport): number {
  return priceMonth - costMonth;
}
