import { HERE, quantile, rate, type Row } from './panel.js';

const STORE: Row = {
  title: 'Store',
  panels: [
    {
      title: 'p95 of all operations',
      about: 'As processes wait for the store; above the line StoreSlow speaks.',
      ...{ unit: 's', bounds: { worse: 'above', warning: 'store_p95_seconds' } },
      queries: [['{{region}}', `omnisearch:store_seconds:p95_5m{${HERE}}`]],
    },
    {
      title: 'p95 by operation',
      about: 'Which of them is slow.',
      unit: 's',
      queries: [['{{operation}}', quantile(0.95, 'store_operation_seconds', 'operation')]],
    },
    {
      title: 'Operations',
      about: 'By all processes, a second, and those that failed.',
      unit: 'ops',
      queries: [
        ['{{operation}}', `sum by (operation) (${rate('store_operations_total')})`],
        ['failed', `sum (${rate('store_operations_total', 'outcome="failed"')})`],
      ],
    },
    {
      title: 'Takes writes',
      about: '1: a write would succeed now. StoreDown speaks at 0.',
      unit: 'short',
      queries: [['{{instance}}', `store_up{${HERE}}`]],
    },
    {
      title: 'Pool of connections',
      about:
        'Of query nodes to MongoDB; waiting: operations that wait for a connection. None where the store is on this machine.',
      unit: 'short',
      queries: [
        ['{{state}} {{instance}}', `store_pool_connections{${HERE}}`],
        ['limit {{instance}}', `store_connections_limit{${HERE}}`],
      ],
    },
    {
      title: 'Connections in use',
      about:
        'Share of what may be opened, by nodes and by MongoDB itself; the lines are those of StoreConnections.',
      unit: 'percentunit',
      bounds: {
        ...{ worse: 'above', warning: 'store_connections_warning_ratio' },
        critical: 'store_connections_critical_ratio',
      },
      queries: [['{{instance}}', `omnisearch:store_connections:ratio{${HERE}}`]],
    },
    {
      title: 'Replica lag',
      about:
        'How far the last secondary of MongoDB is behind the primary; above the line StoreLag speaks.',
      ...{ unit: 's', bounds: { worse: 'above', warning: 'store_lag_seconds' } },
      queries: [['{{region}}', `max by (region) (store_replica_lag_seconds{${HERE}})`]],
    },
    {
      title: 'Region lag',
      about:
        'How old what a region serves may be; above the line RegionLag speaks. Empty where no region follows another.',
      ...{ unit: 's', bounds: { worse: 'above', warning: 'region_lag_seconds' } },
      queries: [['{{region}}', `max by (region) (region_lag_seconds{${HERE}})`]],
    },
    {
      title: 'Products',
      about: 'Live ones in the store, and texts of them that were embedded a second.',
      unit: 'short',
      queries: [
        ['products', `max (store_products{${HERE}})`],
        ['embedded a second', `sum (${rate('embedded_products_total')})`],
      ],
    },
    {
      title: 'Reads',
      about: 'Of query nodes for what they show, and of shards that follow or build.',
      unit: 'ops',
      queries: [['{{process}}', `sum by (process) (${rate('store_reads_total')})`]],
    },
  ],
};

const JOBS: Row = {
  title: 'Queues and jobs',
  panels: [
    {
      title: 'Queues',
      about: 'What waits inside processes; each has a bound, past it more is refused.',
      unit: 'short',
      queries: [['{{queue}}', `sum by (queue) (queue_length{${HERE}})`]],
    },
    {
      title: 'Oldest in a queue',
      about: 'For how long the first has waited; above the line QueueOld speaks.',
      ...{ unit: 's', bounds: { worse: 'above', warning: 'queue_oldest_seconds' } },
      queries: [
        ['{{queue}}', `max by (queue) (queue_oldest_seconds{${HERE}})`],
        ['{{kind}}', `max by (kind) (jobs_oldest_seconds{${HERE}})`],
      ],
    },
    {
      title: 'Jobs that are due',
      about: 'Waiting, behind others of their kind (prioritised), or to be tried again (failed).',
      unit: 'short',
      queries: [
        [
          '{{kind}} {{state}}',
          `max by (kind, state) (jobs{${HERE}, state=~"waiting|prioritised|failed"})`,
        ],
      ],
    },
    {
      title: 'Jobs at work',
      about: 'By kind, of all processes that work on jobs.',
      unit: 'short',
      queries: [['{{kind}}', `sum by (kind) (jobs_active{${HERE}})`]],
    },
    {
      title: 'Jobs that ended',
      about:
        'In a second, by how: done, again (more is to be done), failed, left to another process. JobsFailing speaks of the failed.',
      unit: 'ops',
      queries: [['{{kind}} {{outcome}}', `sum by (kind, outcome) (${rate('jobs_ended_total')})`]],
    },
    {
      title: 'p95 of jobs',
      about: 'What runs of a kind take.',
      unit: 's',
      queries: [['{{kind}}', quantile(0.95, 'job_seconds', 'kind')]],
    },
  ],
};

const TENANTS: Row = {
  title: 'Tenants',
  panels: [
    {
      title: 'Who asks most',
      about:
        'Searches a second of the ten tenants that ask most; each node tells of its METRICS_TENANTS.',
      ...{ unit: 'reqps', stacked: true },
      queries: [['{{tenant}}', `topk(10, sum by (tenant) (${rate('tenant_queries_total')}))`]],
    },
    {
      title: 'Tenants of a shard',
      about: 'Of how many a shard has anything.',
      unit: 'short',
      queries: [['{{shard}}', `max by (shard) (shard_tenants{${HERE}})`]],
    },
    {
      title: 'Partitions',
      about: 'Of all tenants together, and on each shard.',
      unit: 'short',
      queries: [
        ['all', `max (partitions{${HERE}})`],
        ['{{shard}}', `max by (shard) (shard_partitions{${HERE}})`],
      ],
    },
  ],
};

const latest = (kind: string): string =>
  `time() - max by (region, kind) (backup_last_success_timestamp_seconds{${HERE}, kind="${kind}"})`;

const SAFETY: Row = {
  title: 'Backups and certificates',
  panels: [
    {
      title: 'Last full backup',
      about: 'How long ago omnisearch backup took all tenants; above the bound BackupOld speaks.',
      ...{ unit: 's', kind: 'stat', bounds: { worse: 'above', critical: 'backup_full_seconds' } },
      queries: [['{{region}}', latest('full')]],
    },
    {
      title: 'Last backup of changes',
      about:
        'How long ago omnisearch backup --since took what changed; empty where none are taken.',
      ...{ unit: 's', kind: 'stat', bounds: { worse: 'above', warning: 'backup_changes_seconds' } },
      queries: [['{{region}}', latest('changes')]],
    },
    {
      title: 'Certificates',
      about:
        'Days until the first certificate of a file of CERTIFICATE_FILES ends; below the bounds CertificateExpires speaks.',
      ...{ unit: 'd', kind: 'stat' },
      bounds: {
        ...{ worse: 'below', warning: 'certificate_warning_days' },
        critical: 'certificate_critical_days',
      },
      queries: [
        [
          '{{file}}',
          `(min by (file) (certificate_expires_timestamp_seconds{${HERE}}) - time()) / 86400`,
        ],
      ],
    },
  ],
};

export const BACKGROUND_ROWS: readonly Row[] = [STORE, JOBS, TENANTS, SAFETY];
