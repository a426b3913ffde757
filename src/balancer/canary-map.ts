import {
  haproxyBackend,
  haproxyBackends,
  haproxyMap,
  nginxMap,
  placeOf,
  schemeOf,
  type RoutedName,
} from './tenant-map.js';

/** Percent of all reads, and of all writes, that another installation is to have. */
export interface Canary {
  url: string;
  readers: number;
  writers: number;
}

const HEAD = '# Written by omnisearch migrate: what is changed here is overwritten.\n';
const NAME = 'installation';

/**
 * The map of nginx as `nginxMap` makes it, of which all that no deployment has is shared with another installation, each
 * request by chance.
 */
export function nginxCanary(names: readonly RoutedName[], canary: Canary): string {
  const { url } = canary;
  const upstream = (kind: string, kept: string) =>
    `upstream ${NAME}-${kind} {\n  server ${placeOf(url)} max_fails=2 fail_timeout=5s;\n${kept}}\n`;
  const split = (kind: 'readers' | 'writers'): string => {
    const there = `${schemeOf(url)}//${NAME}-${kind}`;
    const percent = canary[kind];
    const some = percent > 0 && percent < 100 ? `  ${percent}% ${there};\n` : '';
    const others = percent === 100 ? there : `http://${kind}`;
    return `split_clients $request_id $omnisearch_side_${kind} {\n${some}  * ${others};\n}\n`;
  };
  const others = { readers: '$omnisearch_side_readers', writers: '$omnisearch_side_writers' };
  return [
    HEAD,
    upstream('readers', '  keepalive 64;\n  keepalive_timeout 30s;\n'),
    upstream('writers', ''),
    split('readers'),
    split('writers'),
    nginxMap(names, others),
  ].join('');
}

/** The files of HAProxy by the end of their names: the map of tenants, all backends, and the percents. */
export function haproxyCanary(
  names: readonly RoutedName[],
  { url, readers, writers }: Canary,
): [end: string, text: string][] {
  return [
    ['.cfg', haproxyBackends(names) + haproxyBackend(NAME, url)],
    ['', haproxyMap(names)],
    ['.percent', `${HEAD}readers ${readers}\nwriters ${writers}\n`],
  ];
}
