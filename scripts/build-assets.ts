/** The part of the build that is not compiling: the pages' files and the demo catalogue. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { buildWeb } from './web-assets.js';

buildWeb('dist/web');
// The catalogue never changes between builds of one version; remove dist/demo to make it anew.
if (!existsSync('dist/demo/catalogue.ndjson.gz')) {
  const generate = ['scripts/demo-catalogue/generate.ts', '--out', 'dist/demo'];
  execFileSync(process.execPath, ['--import', 'tsx', ...generate], { stdio: 'inherit' });
}
