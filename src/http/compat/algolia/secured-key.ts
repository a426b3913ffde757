import type { FastifyRequest } from 'fastify';
import type { Filter } from '../../../filter/filter.js';
import type { Admission } from '../../../tenancy/keys/key-ring.js';
import type { HttpPorts } from '../../ports.js';
import { admitDerived, notServed, secondsOf, type Restrictions } from '../derived-key.js';
import { FilterBounds } from '../filter-bounds.js';
import { facetFilters, numericFilters } from './facet-filters.js';
import { parseFilters } from './filters.js';
import { indexOf } from './query-parameters.js';

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** The signature and what is signed. */
const FORM = /^([0-9a-f]{64})([\x20-\x7e]*)$/;
const APPLICATION = 'x-algolia-application-id';

/**
 * Secured keys of Algolia: base64 of signature and parameters (`generateSecuredApiKey` of its client). They do not say of
 * whom they are: the application's id may. Resolves with undefined for what has another form.
 */
export function admitSecured(
  keys: Pick<HttpPorts['keys'], 'admitSigned'>,
): (token: string, request: FastifyRequest) => Promise<Admission | undefined> {
  return async (token, { headers, query }) => {
    const raw = BASE64.test(token) ? Buffer.from(token, 'base64').toString() : '';
    const [, signature, text] = FORM.exec(raw) ?? [];
    if (signature === undefined || text === undefined) return undefined;
    const named = headers[APPLICATION] ?? (query as Record<string, unknown>)[APPLICATION];
    const key = typeof named === 'string' ? named : undefined;
    const signed = { text, signature, key, encoding: 'hex' } as const;
    return admitDerived(keys, signed, () => restrictionsOf(text));
  };
}

function restrictionsOf(text: string): Restrictions {
  const restrictions: Restrictions = {};
  const filters: Filter[] = [];
  for (const [name, value] of new URLSearchParams(text)) {
    const bounds = new FilterBounds(name);
    if (name === 'filters') filters.push(parseFilters(value, bounds));
    else if (name === 'facetFilters') filters.push(facetFilters(value, bounds));
    else if (name === 'numericFilters') filters.push(numericFilters(value, bounds));
    else if (name === 'validUntil') restrictions.expiresAt = secondsOf(value, name);
    else if (name === 'restrictIndices') restrictions.tenants = indexesOf(value);
    // Says who asks, and nothing of what may be asked.
    else if (name !== 'userToken') throw notServed(name);
  }
  return { ...restrictions, filters };
}

function indexesOf(value: string): string[] {
  const text = value.startsWith('[') ? value.slice(1, -1).replaceAll('"', '') : value;
  return text.split(',').map((name) => {
    if (name.includes('*')) throw notServed('a pattern of indices');
    return indexOf(name.trim()).index;
  });
}
