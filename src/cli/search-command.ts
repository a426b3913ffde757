import { OmniSearchError } from '../client/errors.js';
import { OmniSearch } from '../client/omnisearch.js';
import type { Filter } from '../client/wire.js';
import type { Config } from '../config/settings.js';
import { problemOf, REPLY_TIMEOUT_MS } from './api-problem.js';
import { formatExplanation } from './explain-table.js';
import { formatHits } from './hit-table.js';
import type { SearchAnswer } from './search-answer.js';
import { jsonObjectOf } from './json-object.js';
import { complain, WRONG_USAGE } from './terminal.js';

const DEFAULT_COLUMNS = 100;

type SearchConfig = Pick<
  Config,
  'url' | 'tenant' | 'apiKey' | 'topK' | 'filter' | 'mode' | 'prefix' | 'explain' | 'json'
>;

/**
 * `omnisearch search TEXT`: a table, with `--explain` also what each score is made of, or the reply with `--json`. Resolves with the exit code: 0 also
 * when the answer is partial (standard error says so), 1 when there is none, 2 for wrong usage.
 */
export async function runSearch(config: SearchConfig, words: readonly string[]): Promise<number> {
  const query = words.join(' ');
  if (query === '') return complain(WRONG_USAGE, 'search needs a text');
  const filter = jsonObjectOf(config.filter);
  if (filter === 'broken') return complain(WRONG_USAGE, '--filter must be a JSON object');

  const { url, tenant, apiKey } = config;
  const client = new OmniSearch({ addresses: [url], tenant, apiKey, ...REPLY_TIMEOUT_MS });
  try {
    const body = {
      query,
      top_k: config.topK,
      ...(filter && { filter: filter as Filter }),
      ...textOptions(config),
    };
    const answer = (await client.search(body)) as SearchAnswer;
    if (config.json) process.stdout.write(`${JSON.stringify(answer)}\n`);
    else process.stdout.write(textOf(answer, config.explain));
    if (answer.partial !== null) warnPartial(answer.partial);
    return 0;
  } catch (error) {
    if (error instanceof OmniSearchError) return complain(1, problemOf(error));
    throw error;
  }
}

/** What is as usual is left out. */
function textOptions({ mode, prefix, explain }: SearchConfig): object {
  return {
    ...(mode === 'hybrid' ? {} : { mode }),
    ...(prefix ? { prefix } : {}),
    ...(explain ? { explain } : {}),
  };
}

function textOf(answer: SearchAnswer, isExplained: boolean): string {
  const hits = formatHits(answer, process.stdout.columns || DEFAULT_COLUMNS);
  return isExplained ? `${formatExplanation(answer)}\n${hits}` : hits;
}

function warnPartial(partial: NonNullable<SearchAnswer['partial']>): void {
  const parts = partial.missing.map(({ part, shard, category, reason }) =>
    [part, shard, category && JSON.stringify(category), `(${reason})`].filter(Boolean).join(' '),
  );
  process.stderr.write(`omnisearch: the answer is partial, missing: ${parts.join(', ')}\n`);
}
