import { HERE, rate, type Row } from './panel.js';

const MACHINES: Row = {
  title: 'Machines and processes',
  panels: [
    {
      title: 'CPU',
      about:
        'Share of the processors that a container or machine has; the lines are those of CpuHigh.',
      unit: 'percentunit',
      bounds: { worse: 'above', info: 'cpu_info_ratio', warning: 'cpu_warning_ratio' },
      queries: [['{{instance}}', `omnisearch:cpu_used:ratio_rate5m{${HERE}}`]],
    },
    {
      title: 'Memory',
      about:
        'Share of what a container or machine has, without files that are only cached; the lines are those of MemoryHigh.',
      unit: 'percentunit',
      bounds: {
        ...{ worse: 'above', info: 'memory_info_ratio', warning: 'memory_warning_ratio' },
        critical: 'memory_critical_ratio',
      },
      queries: [['{{instance}}', `omnisearch:memory_used:ratio{${HERE}}`]],
    },
    {
      title: 'Disk that is free',
      about:
        'Share of each file system. Below the first line DiskFull looks where its trend goes, below the last it speaks.',
      unit: 'percentunit',
      bounds: { worse: 'below', info: 'disk_foretold_ratio', critical: 'disk_free_ratio' },
      queries: [['{{instance}} {{path}}', `omnisearch:disk_free:ratio{${HERE}}`]],
    },
    {
      title: 'Days until a disk is full',
      about: 'At the rate of the last six hours; 365: it does not fill, or slowly.',
      unit: 'd',
      queries: [
        [
          '{{instance}} {{path}}',
          `clamp_max(omnisearch:disk_free_bytes{${HERE}} / clamp_min(-deriv(omnisearch:disk_free_bytes{${HERE}}[6h]), 1) / 86400, 365)`,
        ],
      ],
    },
    {
      title: 'CPU of processes',
      about: 'Processors that each process uses.',
      unit: 'short',
      queries: [['{{job}} {{instance}}', rate('process_cpu_seconds_total')]],
    },
    {
      title: 'Memory of processes',
      about: 'Resident: with what is mapped. Heap: what JavaScript has of it.',
      unit: 'bytes',
      queries: [
        ['{{job}} {{instance}}', `process_resident_memory_bytes{${HERE}}`],
        ['heap {{instance}}', `nodejs_heap_size_used_bytes{${HERE}}`],
        ['shard {{shard}}', `shard_memory_bytes{${HERE}}`],
      ],
    },
    {
      title: 'Event loop',
      about:
        'The longest of a hundred turns: how long a process may be deaf. It should stay near ten milliseconds.',
      unit: 's',
      queries: [['{{job}} {{instance}}', `nodejs_eventloop_lag_p99_seconds{${HERE}}`]],
    },
    {
      title: 'Garbage',
      about: 'Share of its time that a process collects garbage.',
      unit: 'percentunit',
      queries: [
        [
          '{{job}} {{instance}}',
          `sum by (job, instance) (${rate('nodejs_gc_duration_seconds_sum')})`,
        ],
      ],
    },
    {
      title: 'Started',
      about: 'How long ago each process started; what falls to nothing again and again crashes.',
      unit: 's',
      queries: [['{{job}} {{instance}}', `time() - process_start_time_seconds{${HERE}}`]],
    },
  ],
};

export const MACHINE_ROWS: readonly Row[] = [MACHINES];
