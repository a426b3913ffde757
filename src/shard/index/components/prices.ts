import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { CorruptFile, readInto, recordFile, writeFile, type FileRecord } from '../durable-file.js';
import type { RowPrices } from '../prices/row-prices.js';

/**
 * prices-ID.bin: what price lists say of a segment's rows, as `RowPrices.content` has it. Written anew with a manifest
 * where it changed since the last; null: nothing is said.
 */
export async function writePrices(folder: string, prices: RowPrices): Promise<FileRecord | null> {
  if (prices.isEmpty) return null;
  const { changes, saved, content } = prices;
  if (saved?.changes === changes) return saved.file;
  const name = `prices-${randomUUID()}.bin`;
  await writeFile(join(folder, name), content);
  const file = await recordFile(folder, name);
  prices.saved = { file, changes };
  return file;
}

/** Throws `CorruptFile`. */
export async function readPrices(
  folder: string,
  file: FileRecord,
  prices: RowPrices,
  rowCount: number,
): Promise<void> {
  const [content] = await readInto(folder, file, [file.bytes]);
  if (content === undefined) throw new CorruptFile(`${file.name} is empty`);
  await prices.load(Buffer.from(content), rowCount);
}
