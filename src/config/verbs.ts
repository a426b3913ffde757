/** What `omnisearch` can be told to do, and what follows on its command line. */
export const VERBS = {
  up: { usage: '', summary: 'run every role on this machine' },
  'query-node': { usage: '', summary: 'answer searches and take products' },
  'shard-node': { usage: '', summary: 'hold and search one shard' },
  worker: {
    usage: '',
    summary: 'write imports and do other background work',
  },
  index: {
    usage: 'FILE…',
    summary: 'send catalogue files: .ndjson .json .csv, .gz, -',
  },
  sync: {
    usage: '[SOURCE_URL]',
    summary: 'import a feed now or by a schedule, or the files of a folder',
  },
  search: { usage: 'TEXT', summary: 'search, and show a table' },
  placement: {
    usage: 'show | plan | apply | move | pin | unpin | split | merge | drain NODE | undrain NODE',
    summary: 'see what lies on which node, and change it',
  },
  tenants: {
    usage:
      'list | show NAME | create NAME [PLAN] | plan NAME PLAN | suspend NAME | resume NAME | drop NAME | export NAME | move NAME | route',
    summary: 'see who is there, and what each may; change it',
  },
  migrate: {
    usage: 'start | next | run | resume | pause | rollback | finish | forget | status',
    summary: 'take all tenants to another installation, step by step and back',
  },
  keys: {
    usage: 'create | list | rotate ID | disable ID',
    summary: 'give shops and pages keys of their own',
  },
  backup: {
    usage: 'TARGET | verify TARGET',
    summary: 'write all, or what changed, to a folder or s3://bucket/prefix',
  },
  restore: {
    usage: 'TARGET',
    summary: 'bring a backup back, all of it or a tenant',
  },
  rollback: {
    usage: '',
    summary: 'have products be what they were at a time',
  },
  check: {
    usage: '',
    summary: 'see whether all is well; exit 1 for a warning, 2 where it is critical',
  },
  report: {
    usage: '',
    summary: 'keep figures now and then, and compare a week with the one before',
  },
  plan: {
    usage: '',
    summary: 'how many machines a catalogue and its searches take, and their money',
  },
  calibrate: {
    usage: '',
    summary: 'measure this machine for plan',
  },
  autoscale: {
    usage: '',
    summary: 'have more or fewer query nodes, workers and shard nodes, as a policy says',
  },
  balancer: {
    usage: '',
    summary: 'keep the servers of nginx or HAProxy equal to the query nodes',
  },
  store: {
    usage: 'copy | check',
    summary: 'copy a catalogue between stores, look after one',
  },
  models: {
    usage: 'list | pull NAME [int8] | check DIR [DATA_DIR]',
    summary: 'look after models',
  },
} as const;

export type Verb = keyof typeof VERBS;

export function isVerb(word: string): word is Verb {
  return Object.hasOwn(VERBS, word);
}

/** Verbs that share settings. */
export const NODES = [
  'up',
  'query-node',
  'shard-node',
  'worker',
] as const satisfies readonly Verb[];
/** Verbs that open a store. */
export const STORES = [
  ...NODES,
  'autoscale',
  'balancer',
  'store',
] as const satisfies readonly Verb[];
export const SERVING = ['up', 'query-node'] as const satisfies readonly Verb[];
export const EMBEDDING = ['up', 'query-node', 'worker'] as const satisfies readonly Verb[];
export const SHARDS = ['up', 'shard-node'] as const satisfies readonly Verb[];
export const CLIENTS = ['index', 'sync', 'search'] as const satisfies readonly Verb[];
/** Verbs of operators, which speak to a server. */
export const OPERATING = [
  'placement',
  'tenants',
  'migrate',
  'keys',
  'backup',
  'restore',
  'rollback',
  'check',
  'report',
] as const satisfies readonly Verb[];
export const EVERYWHERE = [
  ...STORES,
  ...CLIENTS,
  ...OPERATING,
  'plan',
  'calibrate',
  'models',
] as const satisfies readonly Verb[];
