import type { Setting } from './setting.js';

/** The balancer whose servers are kept: one of `nginx` and `haproxy`. */
export const BALANCER_SETTINGS = {
  nginx: {
    type: 'string',
    default: undefined,
    placeholder: 'FILE',
    form: { pattern: /\S/, expected: 'a file' },
    verbs: ['balancer'],
    description: 'file of server lines that is written, for nginx to include in its upstreams',
  },
  reload: {
    type: 'string',
    default: 'nginx -s reload',
    placeholder: 'COMMAND',
    form: { pattern: /\S/, expected: 'a command for sh' },
    verbs: ['balancer', 'tenants', 'migrate'],
    description:
      'what has nginx read that file again; tenants move, migrate: with --out, what has the balancer read it',
  },
  haproxy: {
    type: 'string',
    default: undefined,
    placeholder: 'SOCKET',
    form: { pattern: /\S/, expected: 'the path of a socket or HOST:PORT' },
    verbs: ['balancer'],
    description: 'where HAProxy takes commands: its stats socket, level admin',
  },
  haproxyBackends: {
    type: 'string',
    default: 'readers,writers',
    placeholder: 'NAME,…',
    form: { pattern: /^[\w.:-]+(,[\w.:-]+)*$/, expected: 'names of backends, by commas' },
    verbs: ['balancer'],
    description: 'backends of HAProxy that have the query nodes as servers',
  },
} as const satisfies Record<string, Setting>;
