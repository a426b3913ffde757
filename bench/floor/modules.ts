import { existsSync, readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Frame } from './profile.js';

/** Names the module that a function comes from. */
export type ModuleOf = (frame: Frame) => string;

/**
 * As `src/http/server.ts` for a function of ours, by the source maps beside what was built; as
 * `fastify/lib/reply.js` for one of a package; as `node:net` for one of Node; empty for native code.
 */
export function sourceModules(): ModuleOf {
  const maps = new Map<string, SourceMap | undefined>();
  return ({ url, lineNumber, columnNumber }) => {
    if (!url.startsWith('file:')) return url;
    // Packages bring maps as well, to paths that look like ours.
    if (url.includes('/node_modules/')) return shortName(url);
    if (!maps.has(url)) maps.set(url, mapOf(fileURLToPath(url)));
    const entry = maps.get(url)?.findEntry(lineNumber, columnNumber);
    const source = entry !== undefined && 'originalSource' in entry ? entry.originalSource : url;
    return shortName(source);
  };
}

function mapOf(file: string): SourceMap | undefined {
  const path = `${file}.map`;
  if (!existsSync(path)) return undefined;
  return new SourceMap(JSON.parse(readFileSync(path, 'utf8')) as SourceMapPayload);
}

/** From the package's name or from `src/` on. */
function shortName(path: string): string {
  const [, inPackage] = /.*\/node_modules\/(.+)$/.exec(path) ?? [];
  return inPackage ?? /(?:^|\/)(src\/.+)$/.exec(path)?.[1] ?? path;
}
