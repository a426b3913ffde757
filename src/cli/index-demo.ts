import { existsSync } from 'node:fs';
import { loadConfig } from '../config/load.js';
import { runIndex } from './index-command.js';
import { packageFile } from './package-file.js';
import { StartError } from './run-role.js';

/** Indexes the bundled demo catalogue through the public API, unless the store has products. */
export async function indexDemo(url: string, apiKey: string | undefined): Promise<void> {
  const catalogue = packageFile('dist/demo/catalogue.ndjson.gz');
  if (!existsSync(catalogue)) throw new StartError('the demo catalogue is missing: npm run build');
  if (!(await isEmpty(url, apiKey))) return;
  const argv = ['--url', url, '--wait', catalogue];
  const env = apiKey === undefined ? {} : { OMNISEARCH_API_KEY: apiKey };
  const { config, positionals } = loadConfig({ verb: 'index', argv, env });
  const code = await runIndex(config, positionals);
  if (code !== 0) throw new StartError('the demo catalogue could not be indexed');
}

async function isEmpty(url: string, apiKey: string | undefined): Promise<boolean> {
  const headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  const response = await fetch(`${url}/categories`, { headers });
  // A shop that was never written to is not known.
  if (response.status === 404) return true;
  const { categories } = (await response.json()) as { categories: unknown[] };
  return categories.length === 0;
}
