import { isUtf8 } from 'node:buffer';
import { OmniError } from '../../core/errors.js';
import type { CatalogueItem, RejectedRow } from '../../catalogue-files/catalogue-item.js';
import type { Spool, SpoolName } from '../../store/spool.js';

/** What a chunk holds at most, but for its first row. A row more than a write report lists rejects of none. */
const CHUNK_BYTES = 256 * 1024;
const CHUNK_ROWS = 1_000;
/** Between a row's line and its text: no JSON begins with it. */
const REJECTED = '!';
const SPACE = ' ';

interface Spooled {
  rows: number;
  chunks: number;
  bytes: number;
}

/**
 * Writes the rows of a feed into the spool, whole rows a chunk, so that a reader may begin with any of them. Resolves
 * once all is durable; rejects as `items` does, and as `admit`, which is told of the bytes before each chunk is written.
 */
export async function spoolRows(
  spool: Spool,
  at: SpoolName,
  items: AsyncIterable<CatalogueItem>,
  admit: (bytes: number) => void,
): Promise<Spooled> {
  const done: Spooled = { rows: 0, chunks: 0, bytes: 0 };
  let lines: string[] = [];
  let characters = 0;
  const flush = async (): Promise<void> => {
    const bytes = Buffer.from(lines.join(''));
    admit(done.bytes + bytes.length);
    await spool.put(at, done.chunks, bytes);
    done.chunks += 1;
    done.rows += lines.length;
    done.bytes += bytes.length;
    lines = [];
    characters = 0;
  };
  for await (const item of items) {
    const line = lineOf(item);
    if (lines.length > 0 && characters + line.length > CHUNK_BYTES) await flush();
    lines.push(line);
    characters += line.length;
    if (lines.length >= CHUNK_ROWS) await flush();
  }
  if (lines.length > 0) await flush();
  return done;
}

function lineOf(item: CatalogueItem): string {
  if ('text' in item) return `${item.line}${SPACE}${item.text}\n`;
  return `${item.line}${SPACE}${REJECTED}${JSON.stringify(item)}\n`;
}

/** The rows of a chunk, with the bytes of their text. */
export function* readRows(chunk: Buffer): Generator<RejectedRow | { line: number; json: Buffer }> {
  if (!isUtf8(chunk)) throw new OmniError('internal', 'a chunk of rows is damaged');
  for (let start = 0; start < chunk.length;) {
    const end = chunk.indexOf('\n', start);
    const space = chunk.indexOf(SPACE, start);
    const line = Number(chunk.toString('latin1', start, space));
    const json = chunk.subarray(space + 1, end);
    start = end + 1;
    if (json[0] !== REJECTED.charCodeAt(0)) yield { line, json };
    else yield JSON.parse(json.toString('utf8', 1)) as RejectedRow;
  }
}
