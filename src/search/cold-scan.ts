import type { CancelSignal } from '../core/cancellation.js';
import { Deadline, unlessAborted } from '../core/deadline.js';
import { OmniError } from '../core/errors.js';
import type { Product } from '../core/product.js';
import { Slices } from '../core/slices.js';
import { TopK } from '../core/top-k.js';
import { score } from '../core/vector.js';
import type { DocumentFilter } from '../filter/evaluate.js';
import type { StoreReader } from '../store/store.js';
import type { ColdReply } from './search-types.js';

/** An archived product, as its chunk has it. */
interface ColdProduct {
  product: Product;
  vector: Float32Array;
  model: string;
}

/** What chunks are read from. */
export interface ColdChunks {
  /** Names of a tenant's, as of some seconds ago at most. */
  recentChunks(tenant: string): Promise<readonly string[]>;
  read(tenant: string, chunk: string): Promise<ColdProduct[]>;
}

export interface FoundCold extends ColdProduct {
  id: string;
  score: number;
  version: number;
}

/** What one request asks of a tenant's archived products, and what was found of it so far. */
export class ColdQuestion {
  readonly tenant: string;
  readonly best: TopK<FoundCold>;
  compared = 0;
  missing: ColdReply['missing'];

  constructor(
    { tenant, topK }: { tenant: string; topK: number },
    private readonly filter: DocumentFilter,
    /** Undefined: all score the same. */
    private readonly vector: Float32Array | undefined,
    /** By when no chunk is begun any more. */
    readonly until: Deadline,
  ) {
    this.tenant = tenant;
    this.best = new TopK(topK);
  }

  offer(row: Omit<FoundCold, 'score'>): void {
    this.compared += 1;
    if (!this.filter.matches(row.product)) return;
    this.best.offer({
      ...row,
      score: this.vector === undefined ? 0 : score(this.vector, row.vector),
    });
  }
}

interface ColdScanDeps {
  store: Pick<StoreReader, 'heads'>;
  archive: ColdChunks;
  /** Fingerprint of the model that serves: no others are compared. */
  model: string;
}

/**
 * Reads each chunk of a tenant once, for all questions, as long as one of them has time. A chunk that cannot be read is
 * left out of the answers, which say so. Rejects with the reason of `signal` alone.
 */
export async function scanChunks(
  deps: ColdScanDeps,
  tenant: string,
  questions: readonly ColdQuestion[],
  signal: CancelSignal,
): Promise<void> {
  const slices = new Slices(signal);
  let open = questions;
  const inTime = async <T>(work: Promise<T>): Promise<T | undefined> => {
    try {
      return await unlessAborted(latest(open).race(work, 'the archive'), signal);
    } catch (error) {
      signal.throwIfAborted();
      const isLate = error instanceof OmniError && error.code === 'deadline_exceeded';
      for (const question of open) question.missing ??= isLate ? 'timeout' : 'unavailable';
      // It was the latest of their deadlines.
      if (isLate) open = [];
      return undefined;
    }
  };
  const stillOpen = (): readonly ColdQuestion[] => {
    for (const question of open) if (question.until.expired) question.missing ??= 'timeout';
    return open.filter(({ until }) => !until.expired);
  };
  const chunks = (await inTime(deps.archive.recentChunks(tenant))) ?? [];
  for (const chunk of chunks) {
    open = stillOpen();
    if (open.length === 0) return;
    const rows = (await inTime(current(deps, tenant, chunk))) ?? [];
    open = stillOpen();
    for (const row of rows) {
      if (slices.isOver) await slices.next();
      for (const question of open) question.offer(row);
    }
  }
}

function latest(questions: readonly ColdQuestion[]): Deadline {
  const most = Math.max(0, ...questions.map(({ until }) => until.remainingMs()));
  return Deadline.after(most);
}

/** Those that are in the archive by this chunk still, with vectors that can be compared. */
async function current(
  { store, archive, model }: ColdScanDeps,
  tenant: string,
  chunk: string,
): Promise<Omit<FoundCold, 'score'>[]> {
  const rows = await archive.read(tenant, chunk);
  const ids = rows.map(({ product }) => product.id);
  const heads = await store.heads(tenant, ids);
  return rows.flatMap((row, i) => {
    const head = heads[i];
    if (head?.archive !== chunk || row.model !== model) return [];
    return [{ ...row, id: row.product.id, version: head.version }];
  });
}
