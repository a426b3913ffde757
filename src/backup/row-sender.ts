import { addImported, type Imported } from './copy-writer.js';

const BATCH_BYTES = 1024 * 1024;
const BATCH_LINES = 512;
const IN_FLIGHT = 3;

interface Row {
  /** Whose it is from now on. */
  as: string;
  text: string;
}

interface Batch {
  as: string;
  lines: string[];
  ids: Set<string>;
  bytes: number;
}

/**
 * Sends rows in batches, a few at a time. Of an id that comes again in the same batch the last row counts; where it
 * comes in another, that waits for all before it.
 */
export class RowSender {
  private readonly running = new Set<Promise<void>>();
  /** Ids that are on their way, each with its tenant. */
  private readonly sent = new Set<string>();
  private readonly sum: Imported = { written: 0, deleted: 0, unchanged: 0 };
  private failure: unknown;

  constructor(private readonly post: (as: string, lines: string) => Promise<Imported>) {}

  /** Rejects with the first error of a batch, once none is on its way. */
  async send(rows: Iterable<Row>): Promise<Imported> {
    let batch: Batch | undefined;
    for (const row of rows) {
      const id = `${row.as}/${idOf(row.text)}`;
      const isOther = batch !== undefined && (batch.as !== row.as || batch.ids.has(id));
      if (batch !== undefined && (isOther || isFull(batch))) {
        await this.begin(batch);
        batch = undefined;
      }
      if (this.sent.has(id)) await this.drain();
      batch ??= { as: row.as, lines: [], ids: new Set(), bytes: 0 };
      batch.lines.push(row.text);
      batch.ids.add(id);
      batch.bytes += row.text.length;
    }
    if (batch !== undefined) await this.begin(batch);
    await this.drain();
    return this.sum;
  }

  private async begin({ as, lines, ids }: Batch): Promise<void> {
    while (this.running.size >= IN_FLIGHT) await Promise.race(this.running);
    if (this.failure !== undefined) return this.drain();
    for (const id of ids) this.sent.add(id);
    const running = this.post(as, lines.join('\n'))
      .then((imported) => addImported(this.sum, imported))
      .catch((error: unknown) => {
        this.failure ??= error;
      })
      .finally(() => this.running.delete(running));
    this.running.add(running);
  }

  private async drain(): Promise<void> {
    await Promise.all(this.running);
    this.sent.clear();
    if (this.failure !== undefined) throw this.failure as Error;
  }
}

function isFull({ lines, bytes }: Batch): boolean {
  return lines.length >= BATCH_LINES || bytes >= BATCH_BYTES;
}

/** A product's `id` stands wherever the shop has put it. */
function idOf(text: string): string {
  const { put, delete: gone } = JSON.parse(text) as { put?: { id: string }; delete?: string };
  return put?.id ?? gone ?? '';
}
