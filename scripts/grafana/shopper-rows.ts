import { HERE, quantile, rate, type Bounds, type Row } from './panel.js';

const P95: Bounds = {
  ...{ worse: 'above', info: 'search_p95_info_seconds' },
  ...{ warning: 'search_p95_warning_seconds', critical: 'search_p95_critical_seconds' },
};
const P99: Bounds = {
  ...{ worse: 'above', warning: 'search_p99_warning_seconds' },
  critical: 'search_p99_critical_seconds',
};
const ERRORS: Bounds = {
  ...{ worse: 'above', info: 'search_errors_info_ratio' },
  ...{ warning: 'search_errors_warning_ratio', critical: 'search_errors_critical_ratio' },
};
/** Where none failed ever, there is no series of failures. */
const orNone = (ratio: string): string => `${ratio} or 0 * omnisearch:searches:rate5m{${HERE}}`;
const latency = (q: number): string =>
  quantile(q, 'query_latency_seconds', 'mode', 'outcome!="refused"');

const SHOPPERS: Row = {
  title: 'Shoppers',
  panels: [
    {
      title: 'Searches',
      about: 'Searches a second, without those that a limit refused; each entry of a batch is one.',
      ...{ unit: 'reqps', kind: 'stat', bounds: { worse: 'below', info: 'searches_per_second' } },
      queries: [['{{region}}', `omnisearch:searches:rate5m{${HERE}}`]],
    },
    {
      title: 'One of a hundred takes longer than',
      about:
        'The slowest hundredth of searches over five minutes (p99), as SearchP99High reads it.',
      ...{ unit: 's', kind: 'stat', bounds: P99 },
      queries: [['{{region}}', `omnisearch:search_seconds:p99_5m{${HERE}}`]],
    },
    {
      title: 'Failed',
      about:
        'Share of searches that the service failed: no mistakes of callers, nothing that a limit refused.',
      ...{ unit: 'percentunit', kind: 'stat', bounds: ERRORS },
      queries: [['{{region}}', orNone(`omnisearch:search_failures:ratio_rate5m{${HERE}}`)]],
    },
    {
      title: 'Error budget burns',
      about:
        'How many times faster than the month allows failures came in the last hour; at 1 the budget just lasts.',
      ...{ unit: 'none', kind: 'stat' },
      bounds: {
        worse: 'above',
        warning: 'error_budget_slow_burn',
        critical: 'error_budget_fast_burn',
      },
      queries: [
        [
          '{{region}}',
          `(${orNone(`omnisearch:search_failures:ratio_rate1h{${HERE}}`)}) / scalar(omnisearch:bound{bound="error_budget_ratio"})`,
        ],
      ],
    },
    {
      title: 'Searches by mode',
      about:
        'What finds the hits: words and meaning (text), words, meaning, a vector, a similar product, or all of a category (browse).',
      ...{ unit: 'reqps', stacked: true },
      queries: [['{{mode}}', `sum by (mode) (${rate('query_latency_seconds_count')})`]],
    },
    {
      title: 'Searches by outcome',
      about:
        'How they end: ok, partial (something is missing and the answer says what), refused by a limit, failed, abandoned by their sender.',
      ...{ unit: 'reqps', stacked: true },
      queries: [['{{outcome}}', `sum by (outcome) (${rate('query_latency_seconds_count')})`]],
    },
    {
      title: 'Share that fails',
      about: 'Failed searches of all, over five minutes; the lines are those of SearchErrorsHigh.',
      ...{ unit: 'percentunit', bounds: ERRORS },
      queries: [['{{region}}', orNone(`omnisearch:search_failures:ratio_rate5m{${HERE}}`)]],
    },
    {
      title: 'p50 by mode',
      about: 'Half of the searches are faster than that.',
      unit: 's',
      queries: [['{{mode}}', latency(0.5)]],
    },
    {
      title: 'p95 by mode',
      about:
        'Nineteen searches of twenty are faster than that; the lines are those of SearchP95High.',
      ...{ unit: 's', bounds: P95 },
      queries: [
        ['{{mode}}', latency(0.95)],
        ['all {{region}}', `omnisearch:search_seconds:p95_5m{${HERE}}`],
      ],
    },
    {
      title: 'p99 by mode',
      about:
        'Ninety-nine searches of a hundred are faster than that; the lines are those of SearchP99High.',
      ...{ unit: 's', bounds: P99 },
      queries: [
        ['{{mode}}', latency(0.99)],
        ['all {{region}}', `omnisearch:search_seconds:p99_5m{${HERE}}`],
      ],
    },
    {
      title: 'Errors by type',
      about: 'Searches that were answered with a status of 500 or more, by the code of the error.',
      ...{ unit: 'reqps', stacked: true },
      queries: [['{{type}}', `sum by (type) (${rate('search_errors_total')})`]],
    },
    {
      title: 'Partial answers',
      about:
        'Answers that miss something, by why: a shard that is late or away, an index that is behind the store.',
      ...{ unit: 'reqps', stacked: true },
      queries: [['{{reason}}', `sum by (reason) (${rate('partial_answers_total')})`]],
    },
    {
      title: 'Refused and rejected',
      about:
        'Refused: for a limit or for want of room. Rejected: mistakes of their senders. Limited: by whose limit. Keys: such as there are not.',
      ...{ unit: 'reqps' },
      queries: [
        ['refused: {{reason}}', `sum by (reason) (${rate('refused_requests_total')})`],
        ['rejected: {{reason}}', `sum by (reason) (${rate('rejected_requests_total')})`],
        ['limited: {{by}}', `sum by (by) (${rate('rate_limited_total')})`],
        ['keys', `sum (${rate('auth_failures_total')})`],
      ],
    },
  ],
};

const STAGES: Row = {
  title: 'Stages of a search',
  panels: [
    {
      title: 'p95 by stage',
      about: 'What the slowest twentieth of searches spends in each stage that it passes.',
      unit: 's',
      queries: [['{{stage}}', quantile(0.95, 'search_stage_seconds', 'stage')]],
    },
    {
      title: 'Where time goes',
      about: 'What an average search spends in each stage: together about as long as it takes.',
      ...{ unit: 's', stacked: true },
      queries: [
        [
          '{{stage}}',
          `sum by (stage) (${rate('search_stage_seconds_sum')}) / scalar(sum (${rate('query_latency_seconds_count')}))`,
        ],
      ],
    },
    {
      title: 'Queue of texts to embed',
      about:
        'How full it is on each node; past it texts are refused, and searches go by words alone.',
      ...{ unit: 'percentunit', bounds: { worse: 'above', warning: 'embedding_queue_ratio' } },
      queries: [
        [
          '{{instance}}',
          `queue_length{${HERE}, queue="embedding"} / queue_limit{${HERE}, queue="embedding"}`,
        ],
      ],
    },
  ],
};

const CACHES: Row = {
  title: 'Caches',
  panels: [
    {
      title: 'Embeddings of queries found again',
      about: 'Share of query texts that need no encoder; below the line CacheHitRateLow speaks.',
      ...{ unit: 'percentunit', bounds: { worse: 'below', info: 'cache_hit_ratio' } },
      queries: [['{{region}}', `omnisearch:embedding_cache_hits:ratio_rate5m{${HERE}}`]],
    },
    {
      title: 'Lookups',
      about:
        'How often each cache is asked, and found to have it. Answers are kept only while nothing has changed.',
      unit: 'ops',
      queries: [
        ['embeddings', `omnisearch:embedding_cache_lookups:rate5m{${HERE}}`],
        ['answers found', `sum (${rate('answer_cache_hits_total')})`],
        ['answers not found', `sum (${rate('answer_cache_misses_total')})`],
      ],
    },
    {
      title: 'Entries',
      about: 'What each node keeps in memory.',
      unit: 'short',
      queries: [
        ['embeddings {{instance}}', `embedding_cache_entries{${HERE}}`],
        ['answers {{instance}}', `answer_cache_entries{${HERE}}`],
      ],
    },
    {
      title: 'Shared through Redis',
      about:
        'What nodes look up in Redis, by use; late: it did not answer in time, and the node did without.',
      unit: 'ops',
      queries: [
        ['{{use}} {{result}}', `sum by (use, result) (${rate('redis_lookups_total')})`],
        ['failed', `sum (${rate('redis_errors_total')})`],
      ],
    },
  ],
};

export const SHOPPER_ROWS: readonly Row[] = [SHOPPERS, STAGES, CACHES];
