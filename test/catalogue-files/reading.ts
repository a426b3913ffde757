import { Readable } from 'node:stream';
import { expect } from 'vitest';
import type { CatalogueItem } from '../../src/catalogue-files/catalogue-item.js';
import { readCatalogue, type CatalogueOptions } from '../../src/catalogue-files/read-catalogue.js';
import { OmniError } from '../../src/core/errors.js';

type Extra = Partial<CatalogueOptions> & { chunkBytes?: number };

/** Reads `content` as standard input, in chunks as small as asked for. */
export async function read(content: string | Buffer, extra: Extra = {}): Promise<CatalogueItem[]> {
  const { chunkBytes = 7, ...options } = extra;
  const bytes = Buffer.from(content as string);
  const chunks: Buffer[] = [];
  for (let i = 0; i < bytes.length; i += chunkBytes) chunks.push(bytes.subarray(i, i + chunkBytes));
  const stdin = Readable.from(chunks);
  const items = await collect({ path: '-', format: 'auto', map: [], stdin, ...options });
  expect(stdin.destroyed).toBe(true);
  return items;
}

export async function collect(options: CatalogueOptions): Promise<CatalogueItem[]> {
  const items: CatalogueItem[] = [];
  for await (const item of readCatalogue(options)) items.push(item);
  return items;
}

/** Rows as [line, value], rejects as [line, code, field]. */
export function brief(items: CatalogueItem[]): unknown[] {
  return items.map((item) =>
    'text' in item
      ? [item.line, JSON.parse(item.text) as unknown]
      : [item.line, item.code, ...(item.field === undefined ? [] : [item.field])],
  );
}

export async function errorOf(reading: Promise<unknown>): Promise<OmniError> {
  try {
    await reading;
  } catch (error) {
    if (error instanceof OmniError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
