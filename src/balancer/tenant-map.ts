/** Query nodes of their own, as a balancer sees them. */
interface Deployment {
  name: string;
  /** Scheme, host and port. */
  url: string;
}

/** A name that requests come with, and the deployment that answers them. */
export interface RoutedName {
  /** Of a tenant, or an alias of one. */
  name: string;
  deployment: Deployment;
}

const HEAD = '# Written by omnisearch tenants route: what is changed here is overwritten.\n';

/**
 * The map of nginx, for its `http` block: `$omnisearch_readers` and `$omnisearch_writers` are where a request goes, that of
 * deploy/nginx.conf, or `others`, for all tenants that no deployment has. The name is that of the header, or of the collection in the path.
 */
export function nginxMap(
  names: readonly RoutedName[],
  others = { readers: 'http://readers', writers: 'http://writers' },
): string {
  const upstreams = deploymentsOf(names).map(({ name, url }) => {
    const server = `  server ${placeOf(url)} max_fails=2 fail_timeout=5s;\n`;
    const kept = '  keepalive 64;\n  keepalive_timeout 30s;\n';
    return (
      `upstream ${name}-readers {\n${server}${kept}}\n` + `upstream ${name}-writers {\n${server}}\n`
    );
  });
  const map = (kind: 'readers' | 'writers'): string => {
    const lines = names.map(({ name, deployment }) => {
      return `  "${name}" ${schemeOf(deployment.url)}//${upstreamOf(deployment)}-${kind};\n`;
    });
    return `map $omnisearch_named $omnisearch_${kind} {\n  default ${others[kind]};\n${lines.join('')}}\n`;
  };
  return [
    HEAD,
    'map $uri $omnisearch_named {\n',
    '  default $http_x_omnisearch_tenant;\n',
    '  "~^/typesense/collections/(?<omnisearch_collection>[a-z0-9_-]+)" $omnisearch_collection;\n',
    '  "~^/algolia/1/indexes/(?<omnisearch_index>[a-z0-9_-]+)/" $omnisearch_index;\n',
    '}\n',
    ...upstreams,
    map('readers'),
    map('writers'),
  ].join('');
}

/** The map file of HAProxy, by name; what is not in it goes where the frontend sends all. */
export function haproxyMap(names: readonly RoutedName[]): string {
  const lines = names.map(({ name, deployment }) => `${name} ${upstreamOf(deployment)}\n`);
  return HEAD + lines.join('');
}

/** The backends that the map names, as a configuration of their own: `haproxy -f haproxy.cfg -f FILE`. */
export function haproxyBackends(names: readonly RoutedName[]): string {
  return (
    HEAD +
    deploymentsOf(names)
      .map(({ name, url }) => haproxyBackend(name, url))
      .join('')
  );
}

/** A backend of both kinds of requests. */
export function haproxyBackend(name: string, url: string): string {
  const tls = schemeOf(url) === 'https:' ? ' ssl verify required ca-file @system-ca' : '';
  return [
    `backend ${name}\n`,
    '  timeout server 660s\n',
    // What was sent is not sent again, since it may be a write.
    '  http-reuse never\n',
    '  option http-server-close\n',
    '  option httpchk\n',
    '  http-check send meth GET uri /readyz\n',
    '  http-check expect status 200\n',
    '  retry-on conn-failure\n',
    '  retries 2\n',
    `  server ${name} ${placeOf(url)}${tls} check inter 500ms fall 1 rise 1\n`,
  ].join('');
}

/** Each once, by what the balancer calls it. Throws where two that are called alike are elsewhere. */
function deploymentsOf(names: readonly RoutedName[]): { name: string; url: string }[] {
  const urls = new Map<string, string>();
  for (const { deployment } of names) {
    const name = upstreamOf(deployment);
    const known = urls.get(name);
    if (known !== undefined && placeOf(known) !== placeOf(deployment.url)) {
      throw new Error(`the deployment ${deployment.name} is at ${known} and at ${deployment.url}`);
    }
    urls.set(name, deployment.url);
  }
  return [...urls].map(([name, url]) => ({ name, url }));
}

/** Whatever deployments are called, none is called as a backend that is there already. */
function upstreamOf({ name }: Deployment): string {
  return `deployment-${name}`;
}

export function schemeOf(url: string): string {
  return new URL(url).protocol;
}

export function placeOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`;
}
