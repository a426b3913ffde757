/** The part of the build that is not compiling: the page's files and the demo catalogue. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';

cpSync('src/web', 'dist/web', { recursive: true });
// The catalogue never changes between builds of one version; remove dist/demo to make it anew.
if (!existsSync('dist/demo/catalogue.ndjson.gz')) {
  const generate = ['scripts/demo-catalogue/generate.ts', '--out', 'dist/demo'];
  execFileSync(process.execPath, ['--import', 'tsx', ...generate], { stdio: 'inherit' });
}
