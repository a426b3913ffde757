// The rooms of `src` and who may import whom: the table of ARCHITECTURE.md as a rule.
const rooms = {
  supervisor: ['config', 'core'],
  http: [
    'search',
    'ingest',
    'jobs',
    'tenancy',
    'merchandising',
    'query',
    'filter',
    'config',
    'core',
  ],
  web: ['client'],
  client: [],
  'catalogue-files': ['core'],
  merchandising: ['query', 'filter', 'text', 'store', 'core'],
  search: [
    'merchandising',
    'tenancy',
    'text',
    'embedding',
    'placement',
    'shard-client',
    'protocol',
    'query',
    'filter',
    'store',
    'core',
  ],
  ingest: ['tenancy', 'text', 'embedding', 'placement', 'shard-client', 'store', 'core'],
  jobs: ['ingest', 'tenancy', 'embedding', 'placement', 'store', 'core'],
  tenancy: ['text', 'store', 'core'],
  text: ['core'],
  embedding: ['text', 'core'],
  placement: ['store', 'core'],
  'shard-client': ['protocol', 'core'],
  shard: ['protocol', 'query', 'filter', 'text', 'store', 'core'],
  store: ['core'],
  filter: ['core'],
  query: ['filter', 'core'],
  protocol: ['query', 'core'],
  config: ['core'],
  core: [],
};

/** A library that only one folder may know. */
const only = (name, path, folder) => ({
  name,
  severity: 'error',
  from: { path: '^src/', pathNot: folder },
  to: { path: `node_modules/${path}/` },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^src/(?!web)', pathNot: '[.]d[.]ts$' },
      to: {},
    },
    ...Object.entries(rooms).map(([room, allowed]) => ({
      name: `room-${room}`,
      comment: `src/${room} may import ${allowed.join(', ') || 'nothing'}`,
      severity: 'error',
      from: { path: `^src/${room}/` },
      to: { path: '^src/', pathNot: `^src/(${[room, ...allowed].join('|')})/` },
    })),
    only('engines-stay-in-engine', '(hnswlib-node|usearch)', '^src/shard/engine/'),
    only('mongodb-stays-in-store', 'mongodb', '^src/store/mongo/'),
    only('lmdb-stays-in-store', 'lmdb', '^src/store/lmdb/'),
    only('onnx-stays-in-embedding', 'onnxruntime-node', '^src/embedding/'),
    {
      name: 'product-does-not-import-tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|scripts)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node'] },
  },
};
