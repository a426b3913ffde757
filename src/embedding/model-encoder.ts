import { boundedCache } from '../core/bounded-cache.js';
import { unlessAborted, type Deadline } from '../core/deadline.js';
import type { ModelIdentity } from '../core/product.js';
import { PatientSlices } from '../core/slices.js';
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
import type { SecondLevel } from './second-level.js';
import type { SharedCache } from './shared-cache.js';
import { SingleFlight } from './single-flight.js';
import type { TokenIds } from './token-ids.js';
import type { TextTokenizer } from './tokenize.js';

interface Parts {
  model: ModelIdentity;
  tokenizer: TextTokenizer;
  pool: EmbeddingPool;
  cache: EmbeddingCache;
  /** Undefined: the cache is this encoder's alone. */
  shared: SharedCache | undefined;
  /** Undefined: nodes share none. */
  secondLevel: SecondLevel | undefined;
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

/** The encoder of a model folder: tokenise → cache → what nodes share → single flight → pool. */
export class ModelEncoder implements Encoder {
  readonly model: ModelIdentity;
  readonly cutoff: number | undefined;
  readonly #flights = new SingleFlight<Float32Array>();
  /** Of words that were asked about lately: tokenising one takes some microseconds. */
  readonly #pieces = boundedCache<boolean>({ max: REMEMBERED_PIECES });
  #embeddedProducts = 0;
  #closing: Promise<void> | undefined;

  constructor(private readonly parts: Parts) {
    this.model = parts.model;
    this.cutoff = parts.cutoff;
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
    const { secondLevel } = this.parts;
    if (secondLevel !== undefined) {
      await this.#lookFurther(lookups, secondLevel);
      signal?.throwIfAborted();
    }
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
      ...pool.status(),
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

  /** Takes what is missing here, and being computed by nobody here, from the level that nodes share. */
  async #lookFurther(lookups: readonly Lookup[], secondLevel: SecondLevel): Promise<void> {
    const { cache } = this.parts;
    const missing = lookups.filter(({ key, cached }) => !cached && !this.#flights.has(key));
    await Promise.all(
      missing.map(async (lookup) => {
        const shared = await secondLevel.get(lookup.key);
        // Somebody here may have computed it meanwhile.
        lookup.cached = cache.peek(lookup.key);
        if (lookup.cached !== undefined || shared === undefined) return;
        lookup.cached = shared;
        cache.set(lookup.key, shared);
      }),
    );
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
    const { pool, cache, secondLevel } = this.parts;
    for (const { job, vector } of pool.submit([...missing.values()], tenant, maxWaitMs)) {
      const key = cacheKey(job.tokens);
      const result = vector.then((values) => {
        cache.set(key, values);
        secondLevel?.set(key, values);
        return values;
      });
      this.#flights.start(key, { result, cancel: () => pool.cancel(job) });
    }
    return new Set(missing.keys());
  }

  async #stop(): Promise<void> {
    await this.parts.pool.close(CLOSE_GRACE_MS);
    await this.parts.shared?.close();
  }
}
