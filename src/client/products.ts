import { OmniSearchError } from './errors.js';
import type { CallOptions, Transport } from './transport.js';
import type { Product, RejectedRow, WriteReply } from './wire.js';

export interface WriteOptions extends CallOptions {
  /** Answered once the products can be found, or so many milliseconds have passed. */
  waitSearchableMs?: number | undefined;
}

export interface UpsertAllOptions extends CallOptions {
  /** After each request, with the sums so far. */
  onProgress?: ((sums: WriteReply) => void) | undefined;
}

/** A row that deletes. */
export interface Deletion {
  op: 'delete';
  id: string;
}

/** The server lists at most so many rejected rows: in requests of no more none is lost. */
const MAX_ROWS = 1_000;
const MAX_CHARACTERS = 4 * 1024 * 1024;
/** Writing takes longer than a search. */
const WRITE = { twice: 'nothing', atLeastMs: 120_000 } as const;

/** The catalogue. Writing the same twice changes nothing, so all of it is asked again after a failure. */
export class Products {
  constructor(private readonly transport: Transport) {}

  /** One product: rejects when it is not valid. Several: what was wrong with which is in the reply. */
  async upsert(
    products: Product | readonly Product[],
    options: WriteOptions = {},
  ): Promise<WriteReply> {
    return this.write({ json: products }, options);
  }

  /** The same of rows that are NDJSON already; a row `{"op": "delete", "id"}` deletes. */
  async upsertRows(ndjson: string, options: WriteOptions = {}): Promise<WriteReply> {
    return this.write({ ndjson }, options);
  }

  /**
   * A catalogue of any size, in requests of at most 1,000 rows, one after the other. Resolves with the sums;
   * `line` of a rejected row counts from 1 over all of it.
   */
  async upsertAll(
    rows: Iterable<Product | Deletion> | AsyncIterable<Product | Deletion>,
    { onProgress, ...options }: UpsertAllOptions = {},
  ): Promise<WriteReply> {
    let sums: WriteReply = { accepted: 0, unchanged: 0, stale: 0, rejected_count: 0, rejected: [] };
    let sent = 0;
    for await (const lines of batches(rows)) {
      const reply = await this.upsertRows(lines.join('\n'), options);
      sums = added(sums, reply, sent);
      sent += lines.length;
      onProgress?.(sums);
    }
    return sums;
  }

  /** Rejects with status 404 where there is none. */
  async get<P = Product>(id: string, options?: CallOptions): Promise<P> {
    return (await this.transport.call(
      { method: 'GET', path: pathOf(id), twice: 'nothing' },
      options,
    )) as P;
  }

  /** Changes the fields that are named. */
  async patch(id: string, change: object, options?: CallOptions): Promise<unknown> {
    const call = { method: 'PATCH', path: pathOf(id), ...WRITE } as const;
    return this.transport.call({ ...call, body: { json: change } }, options);
  }

  async delete(id: string, options?: CallOptions): Promise<unknown> {
    return this.transport.call({ method: 'DELETE', path: pathOf(id), ...WRITE }, options);
  }

  private async write(
    body: { json: unknown } | { ndjson: string },
    { waitSearchableMs, ...options }: WriteOptions,
  ): Promise<WriteReply> {
    const waits = waitSearchableMs !== undefined;
    const query = waits ? { wait: 'searchable', wait_timeout_ms: waitSearchableMs } : {};
    try {
      return (await this.transport.call(
        { method: 'POST', path: 'products', query, body, ...WRITE },
        options,
      )) as WriteReply;
    } catch (error) {
      const counts = allRejected(error);
      if (counts === undefined) throw error;
      return counts;
    }
  }
}

/** That every one of several rows was rejected is said in the counts. */
function allRejected(error: unknown): WriteReply | undefined {
  if (!(error instanceof OmniSearchError) || error.status !== 400) return undefined;
  const counts = error.body as WriteReply | undefined;
  return Array.isArray(counts?.rejected) && counts.rejected_count > 0 ? counts : undefined;
}

function pathOf(id: string): string {
  return `products/${encodeURIComponent(id)}`;
}

async function* batches(
  rows: Iterable<unknown> | AsyncIterable<unknown>,
): AsyncGenerator<string[]> {
  let lines: string[] = [];
  let characters = 0;
  for await (const row of rows) {
    const line = JSON.stringify(row);
    if (
      lines.length === MAX_ROWS ||
      (lines.length > 0 && characters + line.length > MAX_CHARACTERS)
    ) {
      yield lines;
      lines = [];
      characters = 0;
    }
    lines.push(line);
    characters += line.length;
  }
  if (lines.length > 0) yield lines;
}

/** Of all rejected rows of a catalogue the first so many are kept. */
const MAX_KEPT = 1_000;

function added(sums: WriteReply, reply: WriteReply, sent: number): WriteReply {
  const rejected: RejectedRow[] = reply.rejected.map((row) => ({ ...row, line: row.line + sent }));
  return {
    accepted: sums.accepted + reply.accepted,
    unchanged: sums.unchanged + reply.unchanged,
    stale: sums.stale + reply.stale,
    rejected_count: sums.rejected_count + reply.rejected_count,
    rejected: [...sums.rejected, ...rejected].slice(0, MAX_KEPT),
  };
}
