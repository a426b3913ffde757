import { OmniError } from '../../core/errors.js';
import type { CatalogueItem } from '../../catalogue-files/catalogue-item.js';
import type { PeekedBytes } from '../../catalogue-files/file-bytes.js';
import { NEWLINE } from '../../core/physical-lines.js';

/** A feed that is read, and what tells whether it came whole. */
interface WholeFeed {
  chunks: AsyncGenerator<Uint8Array>;
  /** The rows as they are; rejects `invalid_json` where the last one is cut off. */
  items(items: AsyncIterable<CatalogueItem>): AsyncGenerator<CatalogueItem>;
}

/**
 * A JSON list says itself where it ends, lines do not: where all that is missing is to be deleted, a last line that is
 * neither whole nor ended is that of a feed that was cut off.
 */
export function wholeFeed({ chunks }: Pick<PeekedBytes, 'chunks'>, isNeeded: boolean): WholeFeed {
  let lastByte = NEWLINE;
  async function* watched(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      lastByte = chunk.at(-1) ?? lastByte;
      yield chunk;
    }
  }
  async function* checked(items: AsyncIterable<CatalogueItem>): AsyncGenerator<CatalogueItem> {
    let last: CatalogueItem | undefined;
    for await (const item of items) {
      last = item;
      yield item;
    }
    if (!isNeeded || lastByte === NEWLINE || last === undefined || isWhole(last)) return;
    const message = `the feed breaks off in its last line (${last.line}): nothing was taken of it`;
    throw new OmniError('invalid_json', message);
  }
  return { chunks: watched(), items: checked };
}

function isWhole(item: CatalogueItem): boolean {
  if (!('text' in item)) return item.code !== 'invalid_json' && item.code !== 'invalid_csv';
  try {
    JSON.parse(item.text);
    return true;
  } catch {
    return false;
  }
}
