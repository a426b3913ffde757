import type { Row } from './panel.js';

// Of exporters that deploy/compose-monitoring.yml starts. They know no regions: Prometheus names their instances.
const growth = (counter: string): string => `rate(${counter}[$__rate_interval])`;

const MONGODB: Row = {
  title: 'MongoDB (percona/mongodb_exporter)',
  panels: [
    {
      title: 'Members answer',
      about: '1: it does. StoreMemberDown speaks at 0.',
      unit: 'short',
      queries: [['{{instance}}', 'mongodb_up']],
    },
    {
      title: 'Operations',
      about: 'Of each member, a second.',
      unit: 'ops',
      queries: [
        [
          '{{instance}} {{legacy_op_type}}',
          `sum by (instance, legacy_op_type) (${growth('mongodb_ss_opcounters')})`,
        ],
      ],
    },
    {
      title: 'Time of an operation',
      about: 'On average, inside the member, by what it is.',
      unit: 's',
      queries: [
        [
          '{{instance}} {{op_type}}',
          `sum by (instance, op_type) (${growth('mongodb_ss_opLatencies_latency')}) / sum by (instance, op_type) (${growth('mongodb_ss_opLatencies_ops')}) / 1e6`,
        ],
      ],
    },
    {
      title: 'Connections',
      about: 'Of all clients of a member, by state.',
      unit: 'short',
      queries: [
        [
          '{{instance}} {{conn_type}}',
          'mongodb_ss_connections{conn_type=~"current|active|available"}',
        ],
      ],
    },
    {
      title: 'Cache',
      about: 'Share of WiredTiger’s cache that is in use; near 1 reads go to the disk.',
      unit: 'percentunit',
      queries: [
        [
          '{{instance}}',
          'mongodb_ss_wt_cache_bytes_currently_in_the_cache / mongodb_ss_wt_cache_maximum_bytes_configured',
        ],
      ],
    },
    {
      title: 'Behind the primary',
      about: 'As members see it of each other; the line is that of StoreLag.',
      ...{ unit: 's', bounds: { worse: 'above', warning: 'store_lag_seconds' } },
      queries: [
        [
          '{{name}}',
          '(scalar(max(mongodb_rs_members_optimeDate{member_state="PRIMARY"})) - max by (name) (mongodb_rs_members_optimeDate{member_state="SECONDARY"})) / 1000',
        ],
      ],
    },
  ],
};

const REDIS: Row = {
  title: 'Redis (oliver006/redis_exporter)',
  panels: [
    {
      title: 'Answers',
      about: '1: it does, to each query node and to its exporter. RedisDown speaks at 0.',
      unit: 'short',
      queries: [['{{instance}}', 'redis_up']],
    },
    {
      title: 'Memory',
      about: 'At its limit what was kept for a time gives way; jobs do not.',
      unit: 'bytes',
      queries: [
        ['used', 'redis_memory_used_bytes'],
        ['limit', 'redis_memory_max_bytes'],
      ],
    },
    {
      title: 'Commands, and what gave way',
      about: 'A second.',
      unit: 'ops',
      queries: [
        ['commands', growth('redis_commands_processed_total')],
        ['gave way', growth('redis_evicted_keys_total')],
      ],
    },
  ],
};

const HOST: Row = {
  title: 'Host (node_exporter)',
  panels: [
    {
      title: 'Load',
      about: 'Processes that run or want to, by the number of processors; above 1 some wait.',
      unit: 'percentunit',
      queries: [
        [
          '{{instance}}',
          'node_load1 / on (instance) count by (instance) (node_cpu_seconds_total{mode="idle"})',
        ],
      ],
    },
    {
      title: 'Processors by use',
      about: 'Share of their time; iowait: they wait for a disk, steal: another machine has them.',
      ...{ unit: 'percentunit', stacked: true },
      queries: [
        [
          '{{instance}} {{mode}}',
          'avg by (instance, mode) (rate(node_cpu_seconds_total{mode!="idle"}[$__rate_interval]))',
        ],
      ],
    },
    {
      title: 'Disks at work',
      about: 'Share of its time that a disk is busy.',
      unit: 'percentunit',
      queries: [['{{instance}} {{device}}', growth('node_disk_io_time_seconds_total')]],
    },
  ],
};

const BALANCER: Row = {
  title: 'Balancer (nginx-prometheus-exporter)',
  panels: [
    {
      title: 'Answers',
      about: '1: it does. BalancerDown speaks at 0.',
      unit: 'short',
      queries: [['{{instance}}', 'nginx_up']],
    },
    {
      title: 'Requests',
      about: 'All that came, searches or not, a second.',
      unit: 'reqps',
      queries: [['{{instance}}', growth('nginx_http_requests_total')]],
    },
    {
      title: 'Connections',
      about: 'Open ones, and those a second that it took and could not serve.',
      unit: 'short',
      queries: [
        ['open', 'nginx_connections_active'],
        [
          'not served',
          `${growth('nginx_connections_accepted')} - ${growth('nginx_connections_handled')}`,
        ],
      ],
    },
  ],
};

export const EXPORTER_ROWS: readonly Row[] = [MONGODB, REDIS, HOST, BALANCER];
