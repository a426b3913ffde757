import type { FastifyRequest } from 'fastify';
import { MATCH_ALL, type Filter } from '../filter/filter.js';
import { PLAIN_SHOP, type SearchReply } from '../search/search-types.js';
import { isExcluded } from '../tenancy/narrowed-catalogue.js';
import type { SearchDesk } from './search-desk.js';

const TIMEOUT_MS = 1_000;
const ALL = 1_000_000;

/** Looks at all products that the caller's key shows, and match, for what is counted of them. */
export function lookAtAll(
  desk: SearchDesk,
  request: FastifyRequest,
  tenant: string,
  { filter = MATCH_ALL, facets = [] }: { filter?: Filter; facets?: readonly string[] } = {},
): Promise<SearchReply> {
  const whole = { limit: ALL, prefix: undefined, ranges: undefined, disjunctive: false };
  return desk.look(request, {
    ...{ tenant, query: undefined, topK: 0, filter, fields: undefined },
    ...{ exact: false, explain: false, timeoutMs: TIMEOUT_MS },
    shop: { ...PLAIN_SHOP, facets: facets.map((field) => ({ ...whole, field })), rules: false },
  });
}

/** The categories of the products that the caller's key shows, most products first. */
export async function seenCategories(
  desk: SearchDesk,
  request: FastifyRequest,
): Promise<{ category: string; products: number }[]> {
  if (isExcluded(request.narrowing, 'category')) return [];
  const { shop } = await lookAtAll(desk, request, request.tenant, { facets: ['category'] });
  const [counted] = shop.facets;
  return (counted?.values ?? []).map(({ value, count }) => ({
    category: String(value),
    products: count,
  }));
}
