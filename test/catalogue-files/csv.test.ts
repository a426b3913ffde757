import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brief, errorOf, read } from './reading.js';

/** The products of a text, without what was rejected. */
async function readAll(content: string): Promise<unknown[]> {
  const items = await read(content, { format: 'csv', chunkBytes: 1_000 });
  return items.flatMap((item) => ('text' in item ? [JSON.parse(item.text) as unknown] : []));
}

describe('CSV', () => {
  it('converts price and in_stock, leaves out empty cells, gathers attributes', async () => {
    const content =
      '\ufeffid, title ,price,in_stock,attributes.Screen size (in.),brand,\r\n' +
      '007,"Mouse, ""fine""",19.90,TRUE,27,,\r\n' +
      '\r\n' +
      ',,,,,,\r\n' +
      '8,Keyboard, 1e2 ,no,,Acme,ignored\r\n';
    expect(brief(await read(content))).toEqual([
      [
        2,
        {
          id: '007',
          title: 'Mouse, "fine"',
          price: 19.9,
          in_stock: true,
          attributes: { 'Screen size (in.)': '27' },
        },
      ],
      [5, { id: '8', title: 'Keyboard', price: 100, in_stock: false, brand: 'Acme' }],
    ]);
  });

  it('rejects bad numbers and booleans by our name, with the line and the id', async () => {
    const content =
      'id,cost,in_stock\n1,"12,50",1\n2,free,1\n3,0x10,1\n4,1e999,1\n5,,maybe\n6,5,0\n';
    const items = await read(content, { map: [['price', 'cost']] });
    expect(brief(items)).toEqual([
      [2, 'invalid_field', 'price'],
      [3, 'invalid_field', 'price'],
      [4, 'invalid_field', 'price'],
      [5, 'invalid_field', 'price'],
      [6, 'invalid_field', 'in_stock'],
      [7, { id: '6', price: 5, in_stock: false }],
    ]);
    expect(items[0]).toMatchObject({
      id: '1',
      message: 'price must be a number like 1,234.56, got "12,50"',
    });
  });

  it('names the line where a record of several lines starts', async () => {
    const content = 'id,title\r\n1,"two\r\n\r\nlines, ""really"""\r\n2,x\r\n3\r\n4,"a\nb",c\n5,y';
    expect(brief(await read(content))).toEqual([
      [2, { id: '1', title: 'two\n\nlines, "really"' }],
      [5, { id: '2', title: 'x' }],
      [6, 'invalid_csv'],
      [7, 'invalid_csv'],
      [9, { id: '5', title: 'y' }],
    ]);
  });

  it('loses one line to a stray quote, not the rest of the file', async () => {
    const content =
      'id,title\n1,27" monitor\n2,"never closed\n3,"Fine, thing"\n4,"27" monitor"\n5,"open\n6,x\n';
    expect(brief(await read(content))).toEqual([
      [2, { id: '1', title: '27" monitor' }],
      [3, 'invalid_csv'],
      [4, { id: '3', title: 'Fine, thing' }],
      [5, { id: '4', title: '"27" monitor"' }],
      [6, 'invalid_csv'],
      [7, { id: '6', title: 'x' }],
    ]);
  });

  it('bounds a record of many lines', async () => {
    const filler = 'x,y\n'.repeat(30);
    const items = await read(`id,title\n1,"open\n${filler}2,"closed"\n`, { maxRowBytes: 60 });
    expect(brief(items)).toEqual([
      [2, 'invalid_csv'],
      ...Array.from({ length: 30 }, (_, i) => [i + 3, { id: 'x', title: 'y' }]),
      [33, { id: '2', title: 'closed' }],
    ]);
  });

  it('rejects a record that is not UTF-8 or too long, and goes on', async () => {
    const lines = [`id,title`, `1,caf\xe9`, `2,"a\nb\xe9"`, `3,${'x'.repeat(100)}`, `4,ok`];
    const content = Buffer.from(lines.join('\n'), 'latin1');
    expect(brief(await read(content, { maxRowBytes: 50 }))).toEqual([
      [2, 'invalid_csv'],
      [3, 'invalid_csv'],
      [5, 'too_large'],
      [6, { id: '4', title: 'ok' }],
    ]);
  });

  it('finds semicolons and tabs from the header', async () => {
    expect(brief(await read('id;title\n1;a,b'))).toEqual([[2, { id: '1', title: 'a,b' }]]);
    const content = 'id\t"a;b;c"\n1\tx';
    expect(brief(await read(content))).toEqual([[2, { id: '1', 'a;b;c': 'x' }]]);
  });

  it('refuses a header that names a field twice or lacks a mapped one', async () => {
    const twice = await errorOf(read('id,title,id\n1,2,3'));
    expect(twice.message).toBe('id is twice in the header');
    const lacking = await errorOf(read('id,title\n1,2', { map: [['title', 'name']] }));
    expect(lacking.message).toBe('name (for title) is not in the header');
  });

  it.each([
    ['nothing', '', 'the file is empty'],
    ['blank lines', '\ufeff\n \r\n', 'the file is empty'],
    ['a header alone', 'id,title\n', 'the file has a header and no rows'],
    ['a header alone, without its end', 'id,title', 'the file has a header and no rows'],
  ])('%s is an error that says so, not a run of no rows', async (_, content, message) => {
    expect((await errorOf(read(content))).message).toContain(message);
    expect((await errorOf(read(content, { format: 'csv' }))).message).toContain(message);
  });

  it('reads lines that end in CR alone', async () => {
    const content = 'id,title\r1,x\r\r2,"two\rlines"\r';
    expect(brief(await read(content))).toEqual([
      [2, { id: '1', title: 'x' }],
      [4, { id: '2', title: 'two\nlines' }],
    ]);
    expect(brief(await read('{"id":"1"}\r{"id":"2"}\r', { format: 'ndjson' }))).toEqual([
      [1, { id: '1' }],
      [2, { id: '2' }],
    ]);
  });

  it.each([',', ';', '\t'])(
    'loses one line to a quote that another row happens to close (%j)',
    async (delimiter) => {
      const rows = [
        ['id', 'title', 'category'],
        ['1', '"Great chair', 'Chairs'],
        ['2', 'Table', 'Tables'],
        ['3', 'Lamp', ''],
        ['4', 'TV 55"', 'Chairs'],
        ['5', '"Bed', 'Beds'],
        ['6', 'TV 65"', 'TVs'],
      ];
      const content = rows.map((cells) => cells.join(delimiter)).join('\n');
      expect(brief(await read(content))).toEqual([
        [2, 'invalid_csv'],
        [3, { id: '2', title: 'Table', category: 'Tables' }],
        [4, { id: '3', title: 'Lamp' }],
        [5, { id: '4', title: 'TV 55"', category: 'Chairs' }],
        [6, 'invalid_csv'],
        [7, { id: '6', title: 'TV 65"', category: 'TVs' }],
      ]);
    },
  );

  it('loses one line of a file of quoted cells to a quote that is missing', async () => {
    const content =
      '"id","title","category"\n"1","Chair,"Chairs"\n"2","Table","Tables"\n"3",Bed","Beds"\n' +
      '"4","two\n5,lines,of text\n","Lamps"\n';
    expect(brief(await read(content))).toEqual([
      [2, 'invalid_csv'],
      [3, { id: '2', title: 'Table', category: 'Tables' }],
      [4, { id: '3', title: 'Bed"', category: 'Beds' }],
      [5, { id: '4', title: 'two\n5,lines,of text', category: 'Lamps' }],
    ]);
  });

  it('keeps a text of several lines with as many commas as a row has', async () => {
    const content =
      'id,title,price\n1,"For kids, adults, and pets\nRed, green, blue\nSoft, warm, 5 kg",9.5\n2,x,3\n';
    expect(brief(await read(content))).toEqual([
      [
        2,
        {
          id: '1',
          title: 'For kids, adults, and pets\nRed, green, blue\nSoft, warm, 5 kg',
          price: 9.5,
        },
      ],
      [5, { id: '2', title: 'x', price: 3 }],
    ]);
  });

  it('whichever quote of a file is lost or added, at most its own row is', async () => {
    const title = fc.constantFrom('Chair', '27" TV', 'a, b', 'He said "hi"', 'two, "x" and y');
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    const property = fc.asyncProperty(
      fc.array(title, { minLength: 3, maxLength: 12 }),
      fc.nat(),
      fc.boolean(),
      async (titles, at, lost) => {
        const victim = at % titles.length;
        const lines = titles.map((text, i) => `${i + 1},${quoted(text)},${i}.5,Things`);
        const line = lines[victim] ?? '';
        lines[victim] = lost ? line.replace('"', '') : line.replace(',', ',"');
        const items = await read(`id,title,price,category\n${lines.join('\n')}\n`);
        expect(items.map((item) => item.line)).toEqual(titles.map((_, i) => i + 2));
        const others = items.filter((_, i) => i !== victim);
        expect(others.map((item) => 'text' in item && (JSON.parse(item.text) as object))).toEqual(
          titles
            .map((text, i) => ({ id: `${i + 1}`, title: text, price: i + 0.5, category: 'Things' }))
            .filter((_, i) => i !== victim),
        );
      },
    );
    await fc.assert(property, { numRuns: 300 });
  });

  it('a quote put anywhere into a file costs at most the row it is in', async () => {
    const title = fc.constantFrom('Chair', '27" TV', 'a, b', 'two\nlines', 'x "y", z', '');
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    const property = fc.asyncProperty(
      fc.array(title, { minLength: 3, maxLength: 9 }),
      fc.nat(),
      fc.nat(),
      fc.constantFrom(',', ';', '\t'),
      fc.constantFrom('', 'p', 'sofa-'),
      async (titles, row, place, delimiter, prefix) => {
        const ids = titles.map(
          (_, i) => prefix + (prefix === 'sofa-' ? 'abcdefghi'.charAt(i) : `${i}`),
        );
        const rows = titles.map((text, i) =>
          [ids[i], text === '' ? '' : quoted(text), `${i}.5`, 'Things'].join(delimiter),
        );
        const victim = row % rows.length;
        const text = rows[victim] ?? '';
        const at = place % (text.length + 1);
        rows[victim] = `${text.slice(0, at)}"${text.slice(at)}`;
        const header = ['id', 'title', 'price', 'category'].join(delimiter);
        const read = await readAll(`${header}\n${rows.join('\n')}\n`);
        const wanted = titles.map((one, i) => ({
          id: ids[i],
          ...(one !== '' && { title: one }),
          price: i + 0.5,
          category: 'Things',
        }));
        expect(read).toEqual(expect.arrayContaining(wanted.filter((_, i) => i !== victim)));
      },
    );
    await fc.assert(property, { numRuns: 200 });
  });

  it('reads quotes behind a backslash', async () => {
    const content = 'id,title,category\n1,"He said \\"hi, there\\"",Books\n2,x,y\n';
    expect(brief(await read(content))).toEqual([
      [2, { id: '1', title: 'He said "hi, there"', category: 'Books' }],
      [3, { id: '2', title: 'x', category: 'y' }],
    ]);
  });

  it('converts categories, version, vector and attributes', async () => {
    const content =
      'id,categories,version,attributes,attributes.tags,attributes.size,vector\n' +
      '1,Shoes | Sale,7,"{""color"":""red"",""size"":1,""new"":true}","[""a"",""b""]",42,"[0.5,-1,2e-1]"\n' +
      '2,"[""A|B"",""C""]",-3,,[odd,,0.5 -1;2\n' +
      '3,,1.5,,,,\n4,,,[],,,\n5,,,,,,1;x\n6,[broken,,,,,\n7,,12345678901234567890,,,,\n';
    expect(brief(await read(content))).toEqual([
      [
        2,
        {
          id: '1',
          categories: ['Shoes', 'Sale'],
          version: 7,
          vector: [0.5, -1, 0.2],
          attributes: { color: 'red', size: '42', new: true, tags: ['a', 'b'] },
        },
      ],
      [
        3,
        {
          id: '2',
          categories: ['A|B', 'C'],
          version: -3,
          vector: [0.5, -1, 2],
          attributes: { tags: '[odd' },
        },
      ],
      [4, 'invalid_field', 'version'],
      [5, 'invalid_field', 'attributes'],
      [6, 'invalid_field', 'vector'],
      [7, 'invalid_field', 'categories'],
      [8, 'invalid_field', 'version'],
    ]);
  });

  it('agrees with csv-parse on well-formed records', async () => {
    const cell = fc.stringMatching(/^[a-z",; \n]{0,6}$/).map((text) => text.trim());
    const row = fc.tuple(fc.stringMatching(/^[a-z]{1,3}$/), cell, cell);
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1 }), fc.boolean(), async (rows, crlf) => {
        const lines = [['id', 'a', 'b'], ...rows].map((cells) => cells.map(quoted).join(','));
        const content = lines.join(crlf ? '\r\n' : '\n');
        const expected = parse<Record<string, string>>(content, { columns: true }).map((record) =>
          Object.fromEntries(Object.entries(record).filter(([, text]) => text !== '')),
        );
        const items = await read(content, { format: 'csv' });
        expect(
          items.map((item) => ('text' in item ? (JSON.parse(item.text) as unknown) : item)),
        ).toEqual(expected);
      }),
    );
  });
});
