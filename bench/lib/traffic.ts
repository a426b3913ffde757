import { basename } from 'node:path';
import { lines, type Catalogue } from './catalogue.js';
import { sharedFile } from './paths.js';
import { Random } from './random.js';

/** A query and how often it was asked, relative to the others. */
interface LoggedQuery {
  query: string;
  popularity: number;
}

/** What shoppers type: known queries by popularity, with a share never asked before. */
export interface Traffic {
  name: string;
  log: LoggedQuery[];
  /** The next query; `unseenShare` (0 to 1) of them are new. */
  next(unseenShare: number): string;
}

/**
 * Traffic from a query log (`query<TAB>popularity` with a header line), `file` or the shared one, or,
 * where there is none, * from queries made of titles with Zipf's popularity. New queries are made of words of titles, in
 * the order of their product, and none is given twice or stands in the log.
 */
export async function loadTraffic(catalogue: Catalogue, seed: number, file = ''): Promise<Traffic> {
  const random = new Random(seed, 'traffic');
  const path = file === '' ? sharedFile('query-log.tsv') : file;
  const titles = catalogue.products.map(({ title }) => title);
  const log = path === undefined ? inventLog(titles, random) : await readLog(path);
  const seen = new Set(log.map(({ query }) => query.toLowerCase()));
  const ends = cumulative(log.map(({ popularity }) => popularity));
  const total = ends.at(-1) ?? 0;

  const unseen = (): string => {
    for (let attempt = 0; ; attempt += 1) {
      const query = phraseOf(random.pick(titles), random);
      // Titles are finite: after many misses a number makes it new.
      const made = attempt < 50 ? query : `${query} ${String(random.below(1e9))}`;
      if (made.length < 3 || seen.has(made.toLowerCase())) continue;
      seen.add(made.toLowerCase());
      return made;
    }
  };
  return {
    name: path === undefined ? 'made of titles' : basename(path),
    log,
    next: (unseenShare) =>
      random.next() < unseenShare ? unseen() : pickByWeight(log, ends, random.next() * total).query,
  };
}

async function readLog(file: string): Promise<LoggedQuery[]> {
  const log: LoggedQuery[] = [];
  for await (const line of lines(file)) {
    const [query = '', popularity] = line.split('\t');
    const weight = Number(popularity);
    if (query !== '' && weight > 0) log.push({ query, popularity: weight });
  }
  return log;
}

function inventLog(titles: readonly string[], random: Random): LoggedQuery[] {
  const queries = new Set<string>();
  for (let i = 0; i < 20_000 && queries.size < 2000; i += 1) {
    queries.add(phraseOf(random.pick(titles), random).toLowerCase());
  }
  return [...queries].map((query, rank) => ({ query, popularity: 1000 / (rank + 1) ** 0.8 }));
}

/** Two to four neighbouring words of a title. */
function phraseOf(title: string, random: Random): string {
  const words = title.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const length = Math.min(words.length, 2 + random.below(3));
  const start = random.below(words.length - length + 1);
  return words
    .slice(start, start + length)
    .join(' ')
    .slice(0, 200);
}

function cumulative(weights: readonly number[]): number[] {
  let sum = 0;
  return weights.map((weight) => (sum += weight));
}

/** The first item whose cumulative weight exceeds `point`. */
function pickByWeight<T>(items: readonly T[], ends: readonly number[], point: number): T {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle] ?? 0) > point) high = middle;
    else low = middle + 1;
  }
  return items[low] as T;
}
