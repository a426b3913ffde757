import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCatalogue } from '../../src/catalogue-files/read-catalogue.js';
import { brief, collect, errorOf, read } from './reading.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'omnisearch-feed-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('NDJSON', () => {
  const ndjson = { format: 'ndjson' } as const;

  it('counts physical lines, skips blank ones, and leaves text as it came', async () => {
    const content =
      '\ufeff{"id": "1", "n": 1.0}\r\n\r\n \t\n{"id":"2"}\n\ufeff{"id":"3"}\n{"op":"delete"';
    expect(await read(content)).toEqual([
      { line: 1, text: '{"id": "1", "n": 1.0}' },
      { line: 4, text: '{"id":"2"}' },
      { line: 5, text: '{"id":"3"}' },
      { line: 6, text: '{"op":"delete"' },
    ]);
  });

  it('rejects a line that is not UTF-8 and goes on', async () => {
    const latin1 = Buffer.from('{"id":"caf\xe9"}\n', 'latin1');
    const content = Buffer.concat([latin1, Buffer.from('{"id":"café"}')]);
    expect(brief(await read(content))).toEqual([
      [1, 'invalid_json'],
      [2, { id: 'café' }],
    ]);
  });

  it('rejects a line that is too long without holding it', async () => {
    const exact = JSON.stringify({ id: 'x'.repeat(91) });
    const content = `${exact}\r\n${exact} \n${'y'.repeat(10_000)}\n{}\n${'z'.repeat(101)}`;
    const items = await read(content, { ...ndjson, maxRowBytes: 100, chunkBytes: 64 });
    expect(brief(items)).toEqual([
      [1, { id: 'x'.repeat(91) }],
      [2, 'too_large'],
      [3, 'too_large'],
      [4, {}],
      [5, 'too_large'],
    ]);
    expect(items[2]).toMatchObject({
      message: 'a line may have at most 100 bytes, this one has 10000',
    });
  });

  it('keeps to 4 MiB by itself', async () => {
    const line = Buffer.alloc(4 * 1024 * 1024 + 1, 'x');
    const items = await read(Buffer.concat([line, Buffer.from('\n{}\n')]), {
      ...ndjson,
      chunkBytes: 1 << 20,
    });
    expect(brief(items)).toEqual([
      [1, 'too_large'],
      [2, {}],
    ]);
  });

  it('renames fields', async () => {
    const rows = [
      '{"name": "A", "title": "own", "__proto__": 1, "price": 5}',
      '{"title": "own", "cost": 2}',
      '{"name": null}',
      'broken',
      '[1]',
      '{"name": 1e999}',
    ];
    const map = [
      ['title', 'name'],
      ['description', 'name'],
      ['price', 'cost'],
    ] as const;
    const items = await read(rows.join('\n'), { ...ndjson, map });
    expect(items.map((item) => ('text' in item ? item.text : item.code))).toEqual([
      '{"__proto__":1,"price":5,"title":"A","description":"A"}',
      '{"title":"own","price":2}',
      '{"title":null,"description":null}',
      'invalid_json',
      '[1]',
      'invalid_json',
    ]);
  });

  it('swaps two names', async () => {
    const map = [
      ['a', 'b'],
      ['b', 'a'],
    ] as const;
    expect(brief(await read('{"a":1,"b":2}', { map }))).toEqual([[1, { a: 2, b: 1 }]]);
  });
});

describe('names of fields', () => {
  const map = [
    ['attributes.color', 'colour'],
    ['attributes.size', 'attributes.Size'],
    ['title', 'name'],
  ] as const;

  it.each([
    ['NDJSON', '{"id":"1","colour":"red","name":"A","attributes":{"fit":"slim"}}', {}],
    ['JSON', '[{"id":"1","colour":"red","name":"A","attributes":{"fit":"slim"}}]', {}],
    ['CSV', 'id,colour,name,attributes,attributes.Size\n1,red,A,"{""fit"":""slim""}",\n', {}],
  ])('%s: a field is brought into attributes', async (_, content, extra) => {
    const [item] = await read(content, { map, ...extra });
    const row = item !== undefined && 'text' in item && (JSON.parse(item.text) as unknown);
    expect(row).toEqual({ id: '1', title: 'A', attributes: { fit: 'slim', color: 'red' } });
  });

  it('names a field of the map that no row has', async () => {
    const unmapped: string[] = [];
    const onUnmapped = (ours: string, theirs: string): number => unmapped.push(`${ours}=${theirs}`);
    await read('{"name":"A"}\n{"colour":"red"}', { map, onUnmapped });
    expect(unmapped).toEqual(['attributes.size=attributes.Size']);
  });
});

describe('JSON', () => {
  const json = { format: 'json' } as const;

  it('cuts an array into one-line rows', async () => {
    const array = [{ id: '1', s: '],[{"\\' }, { id: '2', list: [[], {}] }, 3, null, 'a,b'];
    const text = `\ufeff \n${JSON.stringify(array, null, 2)}\n `;
    for (const chunkBytes of [1, 3, 1_000]) {
      const items = await read(text, { chunkBytes });
      expect(brief(items)).toEqual(array.map((value, i) => [i + 1, value]));
      expect(items.every((item) => 'text' in item && !item.text.includes('\n'))).toBe(true);
    }
    expect(await read('[ ]')).toEqual([]);
  });

  it('takes a single object, laid out or not', async () => {
    const object = { id: '1', attributes: { a: 'b' } };
    expect(brief(await read(JSON.stringify(object, null, 2)))).toEqual([[1, object]]);
    expect(brief(await read(JSON.stringify(object), json))).toEqual([[1, object]]);
  });

  it('rejects single elements and goes on', async () => {
    const text = `[{"a":1},,{"b":\n2},{"c"\n}, ${'9'.repeat(50)}, {"d":4} ,]`;
    expect(brief(await read(text, { maxRowBytes: 40 }))).toEqual([
      [1, { a: 1 }],
      [2, 'invalid_json'],
      [3, { b: 2 }],
      [4, 'invalid_json'],
      [5, 'too_large'],
      [6, { d: 4 }],
      [7, 'invalid_json'],
    ]);
  });

  it.each([['[{"a":1}'], ['[{"a":"'], ['[1] x'], ['{"a":\n1}{"b":2}'], [''], ['"text"']])(
    '%j ends in an error',
    async (text) => {
      const error = await errorOf(read(text, json));
      expect([error.code, error.message]).toEqual([
        'invalid_json',
        expect.stringMatching(/^not a JSON array or object: /),
      ]);
    },
  );

  it('agrees with JSON.parse on any array', async () => {
    const chunkBytes = fc.integer({ min: 1, max: 9 });
    const property = fc.asyncProperty(
      fc.array(fc.jsonValue()),
      fc.constantFrom(0, 1),
      chunkBytes,
      async (array, indent, size) => {
        const items = await read(JSON.stringify(array, null, indent), {
          ...json,
          chunkBytes: size,
        });
        expect(
          items.map((item) => ('text' in item ? (JSON.parse(item.text) as unknown) : item)),
        ).toEqual(JSON.parse(JSON.stringify(array)));
      },
    );
    await fc.assert(property);
  });
});

describe('files', () => {
  function file(name: string, content: string | Buffer): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  const auto = { format: 'auto', map: [] } as const;

  it('goes by name, unpacks gzip whatever the name, and joined gzip too', async () => {
    const csv = 'id,title\n1,x\n';
    const row = [[2, { id: '1', title: 'x' }]];
    expect(brief(await collect({ path: file('a.csv.gz', gzipSync(csv)), ...auto }))).toEqual(row);
    expect(brief(await collect({ path: file('b.csv', gzipSync(csv)), ...auto }))).toEqual(row);
    expect(brief(await collect({ path: file('c.csv.gz', csv), ...auto }))).toEqual(row);
    const joined = Buffer.concat([gzipSync('{"id":1}\n'), gzipSync('\ufeff{"id":2}\n')]);
    const items = await collect({ path: file('d.ndjson.gz', joined), ...auto });
    expect(brief(items)).toEqual([
      [1, { id: 1 }],
      [2, { id: 2 }],
    ]);
    expect(await read(gzipSync('{"id":1}'), { chunkBytes: 1 })).toHaveLength(1);
  });

  it('reads a .json file by its content', async () => {
    const many = file('many.json', '{"id":1}\n{"id":2}\n');
    expect(await collect({ path: many, ...auto })).toHaveLength(2);
    const one = file('one.json', '{\n"id":1\n}\n');
    expect(await collect({ path: one, ...auto })).toHaveLength(1);
    const error = await errorOf(collect({ path: file('csv.json', 'id,title\n'), ...auto }));
    expect(error.code).toBe('invalid_json');
  });

  it('says what cannot be read', async () => {
    const codeOf = async (path: string): Promise<string> =>
      (await errorOf(collect({ path, ...auto }))).code;
    expect(await codeOf(join(folder, 'absent.csv'))).toBe('not_found');
    expect(await codeOf(folder)).toBe('unavailable');
    expect(await codeOf(file('utf16.csv', Buffer.from('\ufeffid', 'utf16le')))).toBe(
      'unsupported_media_type',
    );
  });

  it('gives what came before a broken end of gzip', async () => {
    const rows = Array.from({ length: 50_000 }, (_, i) => `{"id":"${i * 7919}"}\n`).join('');
    const packed = gzipSync(rows);
    const path = file('cut.ndjson.gz', packed.subarray(0, packed.length / 2));
    let count = 0;
    const reading = (async () => {
      for await (const item of readCatalogue({ path, ...auto })) count += item.line > 0 ? 1 : 0;
    })();
    expect((await errorOf(reading)).code).toBe('unavailable');
    expect(count).toBeGreaterThan(1_000);
  });

  it('reads no further than it is asked, and lets go of its source when left early', async () => {
    const rows = `{"id":"${'x'.repeat(1_000)}"}\n`.repeat(20_000);
    for (const content of [Buffer.from(rows), gzipSync(rows, { level: 0 })]) {
      const path = file('large.ndjson', content);
      let bytes = 0;
      const items = readCatalogue({ path, ...auto, onBytes: (total) => (bytes = total) });
      for await (const item of items) {
        expect(item.line).toBe(1);
        break;
      }
      expect(bytes).toBeGreaterThan(0);
      expect(bytes).toBeLessThan(content.length / 4);
      const stdin = Readable.from([content.subarray(0, 5_000), content.subarray(5_000)]);
      for await (const item of readCatalogue({ ...auto, path: '-', stdin })) {
        expect(item.line).toBe(1);
        break;
      }
      expect(stdin.destroyed).toBe(true);
    }
  });

  it('counts the bytes of the file as it is on disk', async () => {
    const packed = gzipSync('{"id":1}\n'.repeat(1_000));
    let bytes = 0;
    await collect({
      path: file('e.ndjson.gz', packed),
      ...auto,
      onBytes: (total) => (bytes = total),
    });
    expect(bytes).toBe(packed.length);
  });
});
