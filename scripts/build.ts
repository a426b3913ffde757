/** The build: the programs, the pages' files and the demo catalogue. Types of the client are `tsc`'s. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from './bundle.js';
import { buildWeb } from './web-assets.js';

// The catalogue never changes between builds of one version; remove dist/demo to make it anew.
mkdirSync('dist', { recursive: true });
for (const name of readdirSync('dist').filter((name) => name !== 'demo')) {
  rmSync(join('dist', name), { recursive: true });
}
await bundle('src', 'dist');
buildWeb('dist/web');
if (!existsSync('dist/demo/catalogue.ndjson.gz')) {
  const generate = ['scripts/demo-catalogue/generate.ts', '--out', 'dist/demo'];
  execFileSync(process.execPath, ['--import', 'tsx', ...generate], { stdio: 'inherit' });
}
