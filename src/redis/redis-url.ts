/** Where Redis is, as `REDIS_URL` says it. */
export type RedisPlace =
  | { kind: 'single'; url: string }
  | {
      /** Sentinels tell which server is the primary of `name`; cluster nodes tell of each other. */
      kind: 'sentinel' | 'cluster';
      hosts: readonly { host: string; port: number }[];
      /** Of the primary that the sentinels watch. */
      name: string;
      username: string | undefined;
      password: string | undefined;
      tls: boolean;
    };

const DEFAULT_PORTS = { sentinel: 26_379, cluster: 6_379 } as const;
const DEFAULT_NAME = 'mymaster';
const SEVERAL =
  /^redis(s?)\+(sentinel|cluster):\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^/@?]+)(?:\/([^/?]*))?$/;

/**
 * Reads `redis://…` and `rediss://…` of one server, `redis+sentinel://HOST:PORT,…/NAME` and `redis+cluster://HOST:PORT,…`,
 * each also with `USER:PASSWORD@`; undefined for anything else.
 */
export function parseRedisUrl(url: string): RedisPlace | undefined {
  if (/^rediss?:\/\/./.test(url)) return URL.canParse(url) ? { kind: 'single', url } : undefined;
  const [, tls, kind, username, password, hosts = '', name] = SEVERAL.exec(url) ?? [];
  if (kind !== 'sentinel' && kind !== 'cluster') return undefined;
  const places = hosts.split(',').map((text) => placeOf(text, DEFAULT_PORTS[kind]));
  if (places.some((place) => place === undefined)) return undefined;
  return {
    kind,
    hosts: places.flatMap((place) => place ?? []),
    name: name === undefined || name === '' ? DEFAULT_NAME : name,
    username: decoded(username),
    password: decoded(password),
    tls: tls === 's',
  };
}

function placeOf(text: string, defaultPort: number): { host: string; port: number } | undefined {
  const [, bracketed, plain, port] =
    /^(?:\[([\da-f:.]+)\]|([^:\s[\]]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  return host === undefined ? undefined : { host, port: Number(port ?? defaultPort) };
}

function decoded(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : decodeURIComponent(text);
}
