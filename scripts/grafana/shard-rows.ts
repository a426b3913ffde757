import { HERE, quantile, rate, type Row } from './panel.js';

/** Each query node tells the same of a shard. */
const ofShard = (gauge: string): string => `max by (shard) (${gauge}{${HERE}})`;

const SHARDS: Row = {
  title: 'Shards and replicas',
  panels: [
    {
      title: 'Rows',
      about: 'Products that each shard holds, copies of others included.',
      unit: 'short',
      queries: [['{{shard}}', ofShard('shard_documents')]],
    },
    {
      title: 'Bytes',
      about:
        'All that a shard holds: vectors, graphs, columns, words, prices; and what of it is of rows that are gone.',
      unit: 'bytes',
      queries: [
        ['{{shard}}', ofShard('shard_bytes')],
        ['{{shard}} gone', ofShard('shard_dead_bytes')],
      ],
    },
    {
      title: 'Full',
      about: 'Share of what a shard can hold.',
      unit: 'percentunit',
      queries: [['{{shard}}', `${ofShard('shard_bytes')} / ${ofShard('shard_capacity_bytes')}`]],
    },
    {
      title: 'Behind',
      about:
        'Changes that are in the store and not yet in the shard; FeedStuck speaks when it does not fall.',
      unit: 'short',
      queries: [['{{shard}}', `omnisearch:shard_behind{${HERE}}`]],
    },
    {
      title: 'Recall',
      about:
        'What searches find of what an exact search finds, by how much a filter lets through. Below the last line RecallLow speaks.',
      unit: 'percentunit',
      queries: [
        ['{{shard}}, up to {{band}}', `max by (shard, band) (shard_recall{${HERE}})`],
        ['aim', `max (shard_recall_target{${HERE}})`],
        [
          'too low',
          `max (shard_recall_target{${HERE}}) - scalar(omnisearch:bound{bound="recall_slack_ratio"})`,
        ],
      ],
    },
    {
      title: 'Imbalance',
      about: 'How much more the fullest shard holds than the average.',
      ...{ unit: 'percentunit', bounds: { worse: 'above', info: 'shard_imbalance_ratio' } },
      queries: [['{{region}}', `max by (region) (shard_imbalance_ratio{${HERE}})`]],
    },
    {
      title: 'Second requests',
      about:
        'Won and lost: asked of another replica since the first took long. Retried: it failed or lacked something. Moved: it hung.',
      unit: 'reqps',
      queries: [['{{outcome}}', `sum by (outcome) (${rate('hedges_total')})`]],
    },
    {
      title: 'Left alone',
      about:
        'Nodes that leave a shard alone now since it fails or is slow, and how often a second that begins.',
      unit: 'short',
      queries: [
        ['{{shard}}', `sum by (shard) (shard_ejected{${HERE}})`],
        ['{{shard}} a second', `sum by (shard) (${rate('replica_ejections_total')})`],
      ],
    },
    {
      title: 'Requests to shards by outcome',
      about:
        'Called off: another answered first, or the shopper went away. Incomplete: the answer lacks something.',
      ...{ unit: 'reqps', stacked: true },
      queries: [['{{outcome}}', `sum by (outcome) (${rate('shard_requests_total')})`]],
    },
    {
      title: 'p95 of shards, as nodes wait',
      about: 'With the way there and back.',
      unit: 's',
      queries: [['{{shard}}', quantile(0.95, 'shard_request_seconds', 'shard')]],
    },
    {
      title: 'p95 inside shards',
      about:
        'With the wait for a turn, without the way. Words: what a word is worth is asked first.',
      unit: 's',
      queries: [['{{shard}} {{kind}}', quantile(0.95, 'shard_search_seconds', 'shard, kind')]],
    },
    {
      title: 'Busy',
      about: 'Share of its time that a shard works, over a minute.',
      unit: 'percentunit',
      queries: [['{{shard}}', ofShard('shard_load_ratio')]],
    },
    {
      title: 'Requests that a shard has now',
      about: 'Of all nodes together. What only grows is a shard that hangs.',
      unit: 'short',
      queries: [['{{shard}}', `sum by (shard) (shard_requests_outstanding{${HERE}})`]],
    },
    {
      title: 'There and back',
      about: 'The way from a node to a shard and back. NetworkSlow warns above the first line.',
      unit: 's',
      bounds: {
        worse: 'above',
        warning: 'network_warning_seconds',
        critical: 'network_critical_seconds',
      },
      queries: [['{{instance}} to {{peer}}', `network_round_trip_seconds{${HERE}}`]],
    },
    {
      title: 'Healed, and damaged',
      about:
        'Differences from the store that shards found and mended a second; stored values that were met damaged.',
      unit: 'short',
      queries: [
        ['{{shard}} healed', `max by (shard) (${rate('reconciled_total')})`],
        ['{{shard}} damaged', ofShard('shard_damaged')],
      ],
    },
  ],
};

const CLUSTER: Row = {
  title: 'Cluster',
  panels: [
    {
      title: 'Categories that nobody has',
      about: 'Shoppers do not find their products. CategoryUnavailable speaks above 0.',
      ...{ unit: 'short', kind: 'stat', bounds: { worse: 'above', critical: 1 } },
      queries: [['{{region}}', `max by (region) (categories_unavailable{${HERE}})`]],
    },
    {
      title: 'Replicas missing',
      about:
        'Copies that there should be and that no shard that answers has. ReplicaDown speaks above 0.',
      ...{ unit: 'short', kind: 'stat', bounds: { worse: 'above', warning: 1 } },
      queries: [['{{region}}', `max by (region) (replicas_missing{${HERE}})`]],
    },
    {
      title: 'Not up',
      about: 'Shards and query nodes that start or are down.',
      ...{ unit: 'short', kind: 'stat', bounds: { worse: 'above', warning: 1 } },
      queries: [['{{role}} {{state}}', `max by (role, state) (nodes{${HERE}, state!="up"})`]],
    },
    {
      title: 'Versions',
      about: 'Processes by role and version; during an upgrade there are two.',
      ...{ unit: 'short', kind: 'stat' },
      queries: [['{{role}} {{version}}', `count by (role, version) (build_info{${HERE}})`]],
    },
    {
      title: 'Processes by state',
      about: 'As the query node that sees most of a state tells it.',
      unit: 'short',
      queries: [['{{role}} {{state}}', `max by (role, state) (nodes{${HERE}})`]],
    },
    {
      title: 'Shards answer',
      about: '1: to all query nodes. Ready: all that is assigned to the shard can be searched.',
      unit: 'short',
      queries: [
        ['{{shard}}', `min by (shard) (shard_up{${HERE}})`],
        ['{{shard}} ready', `min by (shard) (shard_ready{${HERE}})`],
      ],
    },
    {
      title: 'Can be scraped',
      about:
        'Targets of each job that Prometheus reaches. QueryNodeDown and TargetDown speak of those it does not.',
      unit: 'short',
      queries: [['{{job}}', 'sum by (job) (up)']],
    },
  ],
};

export const SHARD_ROWS: readonly Row[] = [SHARDS, CLUSTER];
