import { readFile } from 'node:fs/promises';
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
import { MoveError } from './move.js';

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

/**
 * Writes the balancer's map as a deployment sees it, or shows it. Two files for HAProxy: the map, and its backends, which
 * ends in `.cfg`. Rejects `MoveError` where the map is another's.
 */
export async function writeRoutes({ mapFor, out }: MapConfig, at: Deployment): Promise<void> {
  const [names, store] = [await routedNames(at), await at.store()];
  const files: MapFile[] =
    mapFor === 'haproxy'
      ? [
          ['.cfg', haproxyBackends(names)],
          ['', haproxyMap(names)],
        ]
      : [['', nginxMap(names)]];
  await writeMaps(out, store, files);
}

/** Text of a map, or of what goes with it: then its name has an end of its own. */
type MapFile = [end: string, text: string];

/** Replaces the files of a map, or shows them. Rejects `MoveError` where it is that of another store. */
export async function writeMaps(
  out: string | undefined,
  store: string,
  files: readonly MapFile[],
): Promise<void> {
  if (out !== undefined) await checkMap(out, store);
  for (const [end, text] of files) {
    const whole = `${markOf(store)}\n${text}`;
    if (out === undefined) print(whole.trimEnd());
    else await replaceFile(`${out}${end}`, whole);
  }
}

const MARK = /^# Tenants of the store \S+$/m;

function markOf(store: string): string {
  return `# Tenants of the store ${store}`;
}

/**
 * Rejects `MoveError` where a file is the map of tenants of another store: each deployment knows but those that went away
 * from it, and all the others would be lost.
 */
export async function checkMap(out: string, store: string): Promise<void> {
  const text = await readFile(out, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  });
  const [mark = markOf(store)] = MARK.exec(text) ?? [];
  if (mark === markOf(store)) return;
  throw new MoveError(
    `${out} is the map of another deployment: move without --out, and have omnisearch tenants route --url THAT_ONE write it`,
  );
}
