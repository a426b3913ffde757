import { isObject } from '../core/json.js';

/**
 * What the formulas of docs/scaling.md are multiplied with. CPU is of one core, in milliseconds; what is of a search was
 * measured where a shard process held 10,000 rows of 512 dimensions, or is converted to that.
 */
export interface Coefficients {
  /** A query node's own work for a search: HTTP, words, merging, joining. */
  query_cpu_ms: number;
  /** More of it for each part that is asked. */
  query_part_cpu_ms: number;
  /** A text that is not kept. */
  embed_cpu_ms: number;
  /** Of searches: texts that were not asked for within the seconds in which words and choices are kept. */
  new_text_share: number;
  /** A part's work for the words of a new text and the choice of its result set, without the graph. */
  choose_cpu_ms: number;
  /** A part's work for a look at the set, without the graph. */
  look_cpu_ms: number;
  /** A walk through the graph, once for each of the two; and the part of it that grows, with dimensions and ln rows. */
  graph_cpu_ms: number;
  graph_growth_ms: number;
  /** Ways between processes, all stages of a search together. */
  network_ms: number;
  /** By how much more the slowest of k parts takes, for each unit of ln k. */
  spread: number;
  /** p99 as a multiple of p50. */
  tail: number;
  /** Of searches: those that look in one category. */
  one_category_share: number;
  /** The fullest process beside the mean. */
  imbalance: number;
  /** Searches by vector: of one alone, from question to answer, all but its walk through the graph. */
  vector_rest_ms: number;
  /** Of many at once, a core's time: of a query node, of all shards without their walks, and of who asks for them. */
  vector_query_cpu_ms: number;
  vector_shard_cpu_ms: number;
  vector_client_cpu_ms: number;
  /** How much of a machine's cores so many searches at once get to work. */
  at_once_share: number;
  /** A row's links in memory and on disk, beside its vector in float32 and int8. */
  link_bytes: number;
  /** Words, columns and ids of a product in a shard's files. */
  text_bytes: number;
  /** Memory that is of no file: of a row; of a process that has no rows. */
  row_heap_bytes: number;
  shard_process_bytes: number;
  query_process_bytes: number;
  /** More of it where a query node embeds texts. */
  model_bytes: number;
  /** Of each process, the files of its program that it has mapped. */
  program_bytes: number;
  /** Bytes of the store for each of a vector, with what it takes to keep it. */
  store_vector_share: number;
  /** A product's JSON, and what the store keeps with it: feed, keys, counts. */
  document_bytes: number;
  store_row_bytes: number;
  /** Bytes of a reply, and of the messages to a part and back, beside the query's vector. */
  reply_bytes: number;
  part_bytes: number;
  /** The share of time in which a machine is there. */
  node_availability: number;
}

/** Where each comes from: docs/scaling.md. */
export const DEFAULT_COEFFICIENTS: Readonly<Coefficients> = {
  query_cpu_ms: 4.47,
  query_part_cpu_ms: 0.055,
  embed_cpu_ms: 0.41,
  new_text_share: 0.42,
  choose_cpu_ms: 2,
  look_cpu_ms: 0.8,
  graph_cpu_ms: 0.243,
  graph_growth_ms: 0.243,
  network_ms: 2.17,
  spread: 0.26,
  tail: 5.2,
  one_category_share: 0.6,
  imbalance: 1.05,
  vector_rest_ms: 1.5,
  vector_query_cpu_ms: 0.75,
  vector_shard_cpu_ms: 0.2,
  vector_client_cpu_ms: 0.2,
  at_once_share: 0.8,
  link_bytes: 148.5,
  text_bytes: 590,
  row_heap_bytes: 590,
  shard_process_bytes: 60e6,
  query_process_bytes: 120e6,
  model_bytes: 30e6,
  program_bytes: 45e6,
  store_vector_share: 1.1,
  document_bytes: 670,
  store_row_bytes: 1_350,
  reply_bytes: 8_000,
  part_bytes: 1_500,
  node_availability: 0.995,
};

/** Those of a file of `omnisearch calibrate`, the defaults for the rest; or what is wrong with it. */
export function readCoefficients(json: unknown): Coefficients | { problem: string } {
  const given = isObject(json) ? json['coefficients'] : undefined;
  if (!isObject(given)) {
    return { problem: 'must be an object with coefficients, as calibrate writes it' };
  }
  const read: Coefficients = { ...DEFAULT_COEFFICIENTS };
  for (const [name, value] of Object.entries(given)) {
    if (!isCoefficient(name)) return { problem: `coefficients has an unknown member ${name}` };
    if (typeof value !== 'number' || !(value > 0)) {
      return { problem: `coefficients.${name} must be a number above 0` };
    }
    if (SHARES.has(name) && value >= 1) {
      return { problem: `coefficients.${name} must be below 1` };
    }
    read[name] = value;
  }
  return read;
}

const SHARES: ReadonlySet<string> = new Set<keyof Coefficients>([
  'new_text_share',
  'one_category_share',
  'node_availability',
]);

function isCoefficient(name: string): name is keyof Coefficients {
  return Object.hasOwn(DEFAULT_COEFFICIENTS, name);
}
