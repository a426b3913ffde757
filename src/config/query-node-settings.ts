import type { Setting } from './setting.js';

/** How query nodes divide the work among them. */
export const QUERY_NODE_SETTINGS = {
  queryNodes: {
    type: 'integer',
    default: 1,
    min: 1,
    max: 64,
    unit: 'processes',
    verbs: ['up'],
    description:
      'query nodes, which share the port; on LMDB one more writes for all where there are several',
  },
  serve: {
    type: 'enum',
    choices: ['all', 'read', 'write'],
    default: 'all',
    verbs: ['query-node'],
    description:
      'read: writes are forwarded to a node that writes; write: balancers send it no searches',
  },
  writeUrl: {
    type: 'string',
    default: undefined,
    placeholder: 'URL',
    form: {
      pattern: /^(http:\/\/(\[[\da-fA-F:.]+\]|[\w.-]+)(:\d{1,5})?\/?|unix:\S.*)$/,
      expected: 'http://HOST:PORT or unix:PATH',
    },
    verbs: ['query-node'],
    description: 'the query node that writes, for --serve read; without it leases tell (MongoDB)',
  },
  socket: {
    type: 'string',
    default: undefined,
    placeholder: 'PATH',
    form: { pattern: /\S/, expected: 'the path of a socket' },
    verbs: ['query-node'],
    description: 'Unix socket to listen on, in place of HOST and PORT',
  },
} as const satisfies Record<string, Setting>;
