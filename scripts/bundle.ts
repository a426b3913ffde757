import { join } from 'node:path';
import { build, type BuildOptions, type Plugin } from 'esbuild';

/** What is started: the command, and what runs in threads and processes of its own. */
const PROGRAMS = [
  'cli/main.ts',
  'cli/plan/segment-child.ts',
  'embedding/worker.ts',
  'shard/build/build-worker.ts',
  'telemetry/send-last-report.ts',
];
/** Some four hundred small modules, for a dozen functions: whoever starts reads them all, in a fifth of a second. */
const BUNDLED = /^typebox(\/|$)/;

const packages: Plugin = {
  name: 'packages stay packages',
  setup: (esbuild) => {
    esbuild.onResolve({ filter: /^[^./]/ }, ({ path }) =>
      BUNDLED.test(path) ? null : { external: true },
    );
  },
};

/**
 * Puts the code below `from` together below `to`: each program with the chunks that it shares with others, so that a
 * process reads some ten files when it starts, in place of seven hundred; the client, which browsers load as well, in one.
 */
export async function bundle(from: string, to: string): Promise<void> {
  const common = {
    ...{ bundle: true, format: 'esm', target: 'node20', sourcemap: true, logLevel: 'warning' },
    ...{ outbase: from, outdir: to, plugins: [packages] },
    // `{ ...{ a, b }, c }` becomes `{ a, b, c }`: spread, each property is added to an object that is there.
    minifySyntax: true,
  } satisfies BuildOptions;
  await build({
    ...common,
    entryPoints: PROGRAMS.map((path) => join(from, path)),
    ...{ platform: 'node', splitting: true, chunkNames: 'chunks/[name]-[hash]' },
  });
  await build({
    ...common,
    entryPoints: [join(from, 'client/omnisearch.ts')],
    platform: 'neutral',
  });
}
