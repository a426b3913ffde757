import { stat } from 'node:fs/promises';
import { LRUCache } from 'lru-cache';
import { unlessAborted, type Deadline } from '../core/deadline.js';
import type { ModelIdentity } from '../core/product.js';
import { RepeatedWork } from '../core/repeated-work.js';
import { PatientSlices } from '../core/slices.js';
import { adoptCache, saveCache } from './cache-file.js';
import { cacheKey, type EmbeddingCache } from './embedding-cache.js';
import type {
  EmbeddingCaller,
  EmbeddingSource,
  Encoder,
  EncoderStatus,
  QueryEmbedding,
} from './encoder.js';
import type { EmbeddingPool } from './embedding-pool.js';
import type { ProductInputs } from './product-inputs.js';
import { SingleFlight } from './single-flight.js';
import type { TokenIds } from './token-ids.js';
import type { TextTokenizer } from './tokenize.js';

interface Parts {
  model: ModelIdentity;
  tokenizer: TextTokenizer;
  pool: EmbeddingPool;
  cache: EmbeddingCache;
  cacheFile: string | undefined;
  cutoff: number | undefined;
}

/** One query's way to its vector: there already, or coming. */
interface Lookup {
  key: string;
  tokens: TokenIds;
  cached: Float32Array | undefined;
}

const TWO_LETTERS = /\p{L}\p{M}*\p{L}/u;
const REMEMBERED_PIECES = 10_000;
/** Longer words are pieces of no vocabulary. */
const MAX_PIECE_CHARACTERS = 64;
const CLOSE_GRACE_MS = 1_500;
/** Entries of the cache that are kept over a restart: 10 MB of 512 dimensions. */
const SAVED_ENTRIES = 5_000;
/** How often they are exchanged with those of the other query nodes that share the file, where there are new ones. */
const EXCHANGE_EVERY_MS = 10_000;

/** The encoder of a model folder: tokenise → cache → single flight → pool. */
export class ModelEncoder implements Encoder {
  readonly model: ModelIdentity;
  readonly cutoff: number | undefined;
  readonly #flights = new SingleFlight<Float32Array>();
  /** Of words that were asked about lately: tokenising one takes some microseconds. */
  readonly #pieces = new LRUCache<string, boolean>({ max: REMEMBERED_PIECES });
  #embeddedProducts = 0;
  #closing: Promise<void> | undefined;
  readonly #exchanging = new RepeatedWork(() => this.#exchange(), EXCHANGE_EVERY_MS);
  /** Texts that were not in the cache when it was written last. */
  #savedMisses = 0;
  /** When the file was written last, as far as is known here. */
  #savedAtMs: number | undefined;

  constructor(private readonly parts: Parts) {
    this.model = parts.model;
    this.cutoff = parts.cutoff;
    this.#exchanging.start();
  }

  async embedQuery(
    text: string,
    deadline: Deadline,
    caller?: EmbeddingCaller,
  ): Promise<QueryEmbedding> {
    const [embedding] = await this.embedQueries([text], deadline, caller);
    if (embedding === undefined) throw new Error('one text has one embedding');
    return embedding;
  }

  knowsPiece(word: string): boolean {
    const known = this.#pieces.get(word);
    if (known !== undefined) return known;
    const isPiece = TWO_LETTERS.test(word) && this.parts.tokenizer.isPiece(word);
    if (word.length <= MAX_PIECE_CHARACTERS) this.#pieces.set(word, isPiece);
    return isPiece;
  }

  async embedQueries(
    texts: readonly string[],
    deadline: Deadline,
    { tenant, signal }: EmbeddingCaller = {},
  ): Promise<QueryEmbedding[]> {
    deadline.check('embedding');
    signal?.throwIfAborted();
    const lookups = texts.map((text) => this.#lookUp(text));
    const started = this.#startMissing(lookups, tenant, deadline.remainingMs());
    const leaves: (() => void)[] = [];
    const embeddings = lookups.map(async ({ key, cached }): Promise<QueryEmbedding> => {
      if (cached !== undefined) return { vector: cached, source: 'cached' };
      // The first of two equal texts in one batch computes, the second shares.
      const source: EmbeddingSource = started.delete(key) ? 'computed' : 'shared';
      const { result, leave } = this.#flights.join(key);
      leaves.push(leave);
      return { vector: await result, source };
    });
    const all = Promise.all(embeddings);
    if (leaves.length === 0) {
      this.parts.pool.noteQuery();
      return all;
    }
    try {
      const wait = deadline.race(all, 'embedding');
      return await (signal === undefined ? wait : unlessAborted(wait, signal));
    } finally {
      for (const leave of leaves) leave();
    }
  }

  async embedProducts(
    products: readonly ProductInputs[],
    caller?: EmbeddingCaller,
  ): Promise<Float32Array[]> {
    return this.embedTexts(await this.parts.pool.textsOf(products), caller);
  }

  /** Texts that are ready to be embedded, as `embedProducts` does it. */
  async embedTexts(
    texts: readonly string[],
    { tenant, signal }: EmbeddingCaller = {},
  ): Promise<Float32Array[]> {
    const tokens: TokenIds[] = [];
    const slices = new PatientSlices(signal);
    for (const text of texts) {
      if (slices.isOver) await slices.next();
      tokens.push(this.parts.tokenizer.encode(text));
    }
    signal?.throwIfAborted();
    const vectors = await this.parts.pool.embedAll(tokens, tenant);
    this.#embeddedProducts += vectors.length;
    return vectors;
  }

  status(): EncoderStatus {
    const { cache, pool } = this.parts;
    return {
      embeddingCache: cache.status(),
      embeddingQueued: pool.queued,
      embeddedProducts: this.#embeddedProducts,
    };
  }

  async close(): Promise<void> {
    this.#closing ??= this.#stop();
    return this.#closing;
  }

  #lookUp(text: string): Lookup {
    const tokens = this.parts.tokenizer.encode(text);
    const key = cacheKey(tokens);
    return { key, tokens, cached: this.parts.cache.get(key) };
  }

  /** Submits what nobody has and nobody computes, in one go; returns the keys of it. */
  #startMissing(
    lookups: readonly Lookup[],
    tenant: string | undefined,
    maxWaitMs: number,
  ): Set<string> {
    const missing = new Map<string, TokenIds>();
    for (const { key, tokens, cached } of lookups) {
      if (cached === undefined && !this.#flights.has(key)) missing.set(key, tokens);
    }
    if (missing.size === 0) return new Set();
    const { pool, cache } = this.parts;
    for (const { job, vector } of pool.submit([...missing.values()], tenant, maxWaitMs)) {
      const key = cacheKey(job.tokens);
      const result = vector.then((values) => {
        cache.set(key, values);
        return values;
      });
      this.#flights.start(key, { result, cancel: () => pool.cancel(job) });
    }
    return new Set(missing.keys());
  }

  async #stop(): Promise<void> {
    await this.parts.pool.close(CLOSE_GRACE_MS);
    await this.#exchanging.close();
    await this.#save();
  }

  /** Takes what others have written, and writes what is new here. What cannot be written is written the next time. */
  async #exchange(): Promise<void> {
    const { cache, cacheFile, model } = this.parts;
    if (cacheFile === undefined) return;
    const { misses } = cache.status();
    try {
      if (misses !== this.#savedMisses) await this.#save();
      else if ((await writtenAt(cacheFile)) !== this.#savedAtMs) {
        await adoptCache(cacheFile, cache, model);
      }
      this.#savedMisses = misses;
      this.#savedAtMs = await writtenAt(cacheFile);
    } catch {
      // A full disk, say.
    }
  }

  async #save(): Promise<void> {
    const { cache, cacheFile, model } = this.parts;
    if (cacheFile !== undefined) await saveCache(cacheFile, cache, model, SAVED_ENTRIES);
  }
}

/** By the clock of its file system; undefined: it is not there. */
async function writtenAt(file: string): Promise<number | undefined> {
  return stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}
