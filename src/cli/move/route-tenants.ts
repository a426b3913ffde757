import { replaceFile } from '../../balancer/nginx-servers.js';
import {
  haproxyBackends,
  haproxyMap,
  nginxMap,
  type RoutedName,
} from '../../balancer/tenant-map.js';
import type { Config } from '../../config/settings.js';
import { print } from '../terminal.js';
import type { Deployment } from './deployment.js';

type MapConfig = Pick<Config, 'mapFor' | 'out'>;

/** Tenants that are elsewhere, and their aliases, by name. */
export async function routedNames(at: Deployment): Promise<RoutedName[]> {
  const placed = new Map<string, RoutedName['deployment']>();
  for (const { id, deployment } of await at.tenants.list()) {
    if (deployment !== null) placed.set(id, deployment);
  }
  const names = [...placed].map(([name, deployment]) => ({ name, deployment }));
  for (const { name, tenant } of await at.aliases()) {
    const deployment = placed.get(tenant);
    if (deployment !== undefined) names.push({ name, deployment });
  }
  return names.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Writes the balancer's map, or shows it. Two files for HAProxy: the map, and its backends, which ends in `.cfg`. */
export async function writeRoutes(
  { mapFor, out }: MapConfig,
  names: readonly RoutedName[],
): Promise<void> {
  const files: [end: string, text: string][] =
    mapFor === 'haproxy'
      ? [
          ['.cfg', haproxyBackends(names)],
          ['', haproxyMap(names)],
        ]
      : [['', nginxMap(names)]];
  for (const [end, text] of files) {
    if (out === undefined) print(text.trimEnd());
    else await replaceFile(`${out}${end}`, text);
  }
}
