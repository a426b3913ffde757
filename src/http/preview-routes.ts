import type { FastifyInstance } from 'fastify';
import { Deadline } from '../core/deadline.js';
import { invalidField, toOmniError } from '../core/errors.js';
import { checkSound, checkText } from '../core/json.js';
import type { JsonValue } from '../core/product.js';
import { MATCH_ALL } from '../filter/filter.js';
import { parseFilter } from '../filter/parse-filter.js';
import { parseRule, timeMs } from '../merchandising/parse-rule.js';
import type { RuleBody } from '../merchandising/rule.js';
import type { PreviewRequest } from '../search/preview-rules.js';
import { SEARCH_BODY_BYTES } from './limits.js';
import type { HttpPorts, RouteOptions } from './ports.js';
import { ruleBody } from './rule-body.js';
import { PreviewBody, type RuleRequest } from './rule-schemas.js';
import { belowPrefix } from './schema-error.js';
import type { SearchDesk } from './search-desk.js';
import type { SearchGate } from './search-gate.js';
import { TenantGate } from './tenant-gate.js';

const DEFAULT_QUERIES = 100;
const DEFAULT_TIMEOUT_MS = 10_000;
/** At once; the searches that they do take places of their own. */
const PREVIEWS = 4;
const PREVIEWS_OF_TENANT = 1;
/** Of a rule that has no name yet. */
const DRAFT_ID = 'draft';

/** `POST /rules/preview`: which queries' answers rules would change. */
export function previewRoutes(
  app: FastifyInstance,
  { preview, search }: HttpPorts,
  { replies }: Pick<RouteOptions, 'replies'>,
  searches: SearchGate,
  desk: Pick<SearchDesk, 'chargeLook'>,
): void {
  const previews = new TenantGate(PREVIEWS, PREVIEWS_OF_TENANT, 'previews of rules');

  app.post<{ Body: PreviewBody }>(
    '/rules/preview',
    { schema: { body: PreviewBody }, bodyLimit: SEARCH_BODY_BYTES },
    async (request) => {
      const asked = toPreview(request.tenant, request.body);
      const leave = previews.enter(request.tenant);
      const bytes = replies.lease(request.tenant);
      const { caller: signal } = request.exchange;
      try {
        const found = await preview.run(asked, async (one) => {
          await desk.chargeLook(request);
          return searches.run({ ...one, signal }, 1, (timeoutMs) =>
            search.search({ ...one, timeoutMs }, { signal, bytes }),
          );
        });
        const { queries, changed, unknown } = found;
        return { queries, changed: changed.length, unknown, results: changed };
      } finally {
        leave();
        bytes.release();
      }
    },
  );
}

/** Throws `invalid_field` for what the schema cannot say. */
function toPreview(tenant: string, body: PreviewBody): PreviewRequest {
  const { rule, rules, queries, limit, filter, tags, at, timeout_ms: timeoutMs } = body;
  if ((rule === undefined) === (rules === undefined)) {
    throw invalidField('rule', 'must be given, or rules, and not both');
  }
  if (filter !== undefined) checkSound(filter as JsonValue, 'filter');
  for (const [i, query] of (queries ?? []).entries()) checkQuery(query, `queries[${i}]`);
  return {
    tenant,
    rules: (rules ?? [rule as RuleRequest]).map((one, i) =>
      checkedRule(one, rules === undefined ? 'rule' : `rules[${i}]`),
    ),
    queries,
    limit: limit ?? DEFAULT_QUERIES,
    filter: filter === undefined ? MATCH_ALL : parseFilter(filter),
    tags: tags ?? [],
    at: at === undefined ? new Date() : new Date(timeMs(at, 'at')),
    deadline: Deadline.after(timeoutMs ?? DEFAULT_TIMEOUT_MS),
  };
}

function checkQuery(query: string, place: string): void {
  checkText(query, place);
  if (query.trim() === '') throw invalidField(place, 'must have more than blanks');
}

function checkedRule(rule: RuleRequest, place: string): RuleBody {
  try {
    const body = ruleBody(rule, rule.id ?? DRAFT_ID);
    parseRule(body);
    return body;
  } catch (error) {
    throw belowPrefix(toOmniError(error), place);
  }
}
