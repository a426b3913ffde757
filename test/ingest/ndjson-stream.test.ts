import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { IncomingRow } from '../../src/ingest/incoming-row.js';
import { ndjsonRows } from '../../src/ingest/ndjson-stream.js';

async function rowsOf(
  chunks: Iterable<Uint8Array>,
  maxLineBytes = 1 << 20,
): Promise<IncomingRow[]> {
  const rows: IncomingRow[] = [];
  for await (const row of ndjsonRows(asAsync(chunks), maxLineBytes)) rows.push(row);
  return rows;
}

async function* asAsync<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}

function cut(bytes: Buffer, places: readonly number[]): Uint8Array[] {
  const at = [0, ...places.map((p) => p % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
}

test('rows and line numbers do not depend on how the bytes were cut', async () => {
  const line = fc.oneof(
    fc.constantFrom('', ' ', '{"a": 1}', '{"é": "日本"}', '[1]', '{broken', '"x"\r', '\r'),
    fc.json(),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 12 }),
      fc.array(fc.nat(), { maxLength: 8 }),
      fc.boolean(),
      async (lines, places, endsWithNewline) => {
        const bytes = Buffer.from(lines.join('\n') + (endsWithNewline ? '\n' : ''));
        const rows = await rowsOf(cut(bytes, places));
        expect(rows).toEqual(await rowsOf([bytes]));
        const expected = lines
          .join('\n')
          .split('\n')
          .flatMap((text, i) => (text.trim() === '' ? [] : [i + 1]));
        expect(rows.map((row) => row.line)).toEqual(expected);
      },
    ),
  );
});

test('a line at the bound is read, one byte more is not, and the next one is', async () => {
  const text = (bytes: number) => JSON.stringify('x'.repeat(bytes - 2));
  const bytes = Buffer.from([text(64), text(65), `${text(64)}\r`, '1'].join('\n'));
  for (const places of [[], [10, 70, 100], Array.from({ length: bytes.length }, (_, i) => i)]) {
    const rows = await rowsOf(cut(bytes, places), 64);
    expect(rows.map((row) => ('error' in row ? row.error.code : 'read'))).toEqual([
      'read',
      'too_large',
      'read',
      'read',
    ]);
  }
});

test('what is held of a line that is too long does not grow with it', async () => {
  const chunk = Buffer.alloc(1 << 20, 0x61);
  function* endless() {
    for (let i = 0; i < 300; i++) yield chunk;
  }
  const before = process.memoryUsage().arrayBuffers;
  const rows = await rowsOf(endless(), 1 << 20);
  expect(rows).toHaveLength(1);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 << 20);
});
