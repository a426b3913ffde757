import { ApiClient, ApiError, errorMessage } from '../client/api-client.js';
import type { Config } from '../config/settings.js';
import { isObject } from '../core/json.js';
import { formatHits, type SearchAnswer } from './hit-table.js';

const WRONG_USAGE = 2;
const DEFAULT_COLUMNS = 100;

/**
 * `omnisearch search TEXT`: a table, or the reply with `--json`. Resolves with the exit code: 0 also
 * when the answer is partial (standard error says so), 1 when there is none, 2 for wrong usage.
 */
export async function runSearch(
  config: Pick<Config, 'url' | 'tenant' | 'apiKey' | 'topK' | 'filter' | 'json'>,
  words: readonly string[],
): Promise<number> {
  const query = words.join(' ');
  if (query === '') return complain('search needs a text', WRONG_USAGE);
  const filter = parseFilterText(config.filter);
  if (filter === 'broken') return complain('--filter must be a JSON object', WRONG_USAGE);

  const { url, tenant, apiKey } = config;
  const client = new ApiClient({ url, tenant, apiKey });
  try {
    const body = JSON.stringify({ query, top_k: config.topK, filter });
    const reply = await client.post({ path: 'search/text', contentType: 'application/json', body });
    if (reply.status !== 200) return complain(errorMessage(reply), 1);
    const answer = reply.body as SearchAnswer;
    if (config.json) process.stdout.write(`${JSON.stringify(answer)}\n`);
    else process.stdout.write(formatHits(answer, process.stdout.columns || DEFAULT_COLUMNS));
    if (answer.partial !== null) warnPartial(answer.partial);
    return 0;
  } catch (error) {
    if (error instanceof ApiError) return complain(error.message, 1);
    throw error;
  }
}

function parseFilterText(text: string | undefined): object | undefined | 'broken' {
  if (text === undefined) return undefined;
  try {
    const filter: unknown = JSON.parse(text);
    return isObject(filter) ? filter : 'broken';
  } catch {
    return 'broken';
  }
}

function warnPartial(partial: NonNullable<SearchAnswer['partial']>): void {
  const parts = partial.missing.map(({ part, shard, category, reason }) =>
    [part, shard, category && JSON.stringify(category), `(${reason})`].filter(Boolean).join(' '),
  );
  process.stderr.write(`omnisearch: the answer is partial, missing: ${parts.join(', ')}\n`);
}

function complain(line: string, code: number): number {
  process.stderr.write(`omnisearch: ${line}\n`);
  return code;
}
