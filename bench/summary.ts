import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { REPOSITORY } from './lib/paths.js';
import { figuresTable, fillReadme, summarise, type ReleaseSummary } from './lib/readme-table.js';
import type { BenchReport } from './lib/report.js';

// npm run bench:summary -- --release 0.1.0 latency.json recall.json …
// Keeps the figures of these reports in bench/results/RELEASE.json and fills README's table from it.
const USAGE = 'usage: npm run bench:summary -- --release VERSION REPORT.json…\n';
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { release: { type: 'string' }, help: { type: 'boolean' } },
});
const { release, help } = values;
if (help === true) {
  process.stdout.write(USAGE);
  process.exit(0);
}
if (release === undefined) {
  process.stderr.write(USAGE);
  process.exit(2);
}

const summaryFile = join(REPOSITORY, 'bench', 'results', `${release}.json`);
const before = existsSync(summaryFile) ? await readJson<ReleaseSummary>(summaryFile) : undefined;
const reports = await Promise.all(positionals.map((file) => readJson<BenchReport>(file)));
const summary = summarise(release, before, reports);
await mkdir(join(REPOSITORY, 'bench', 'results'), { recursive: true });
await writeFile(summaryFile, `${JSON.stringify(summary, null, 2)}\n`);

const readmeFile = join(REPOSITORY, 'README.md');
const readme = await readFile(readmeFile, 'utf8');
await writeFile(readmeFile, fillReadme(readme, figuresTable(summary)));
process.stdout.write(`${summaryFile} and the figures in README.md are up to date\n`);

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, 'utf8')) as T;
}
