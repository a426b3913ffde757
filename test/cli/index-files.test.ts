import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runIndex } from '../../src/cli/index-command.js';
import { OmniError } from '../../src/core/errors.js';
import { IndexHarness, lines } from './index-harness.js';

let shop: IndexHarness;
beforeEach(async () => {
  shop = await IndexHarness.open();
});
afterEach(() => shop.close());

const GOOGLE = `<rss xmlns:g="http://base.google.com/ns/1.0"><channel>
<item><g:id>1</g:id><title>Red shirt</title><g:price>12.50 EUR</g:price><g:product_type>A &gt; Shirts</g:product_type></item>
<item><g:id>2</g:id><title>Tom & Jerry</title></item>
<item><g:id>3</g:id><g:price>5 EUR</g:price></item>
<item><g:id>4</g:id><title>Mug</title><g:availability>out of stock</g:availability></item>
</channel></rss>`;

test('Google Merchant XML: right counts, each lost row named', async () => {
  const file = await shop.feed('google.xml.gz', gzipSync(GOOGLE));
  const rejects = join(shop.dir, 'rejects.ndjson');
  expect(await runIndex({ ...shop.config, rejects }, [file])).toBe(3);
  expect(shop.printed.join('')).toMatch(
    /4 rows in .*: 2 accepted \(0 unchanged, 0 stale\), 2 rejected/,
  );
  const rows = (await readFile(rejects, 'utf8')).trim().split('\n');
  expect(rows.map((row) => JSON.parse(row) as unknown)).toMatchObject([
    { file, line: 3, id: '2', code: 'invalid_xml' },
    { file, line: 4, id: '3', field: 'title', code: 'invalid_field' },
  ]);
  expect((await shop.node.send('GET', '/products/1')).json()).toEqual({
    id: '1',
    title: 'Red shirt',
    price: 12.5,
    currency: 'EUR',
    category: 'Shirts',
    categories: ['A', 'A > Shirts'],
  });
});

test('Shopify CSV: right counts', async () => {
  const file = await shop.feed(
    'shopify.csv',
    'Handle,Title,Vendor,Type,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src\r\n' +
      'tee,Tee,Acme,Tees,Size,S,T-S,9,1.jpg\r\ntee,,,,,M,T-M,10,2.jpg\r\ntee,,,,,,,,3.jpg\r\n' +
      'mug,Mug,Acme,Mugs,Title,Default Title,,5,\r\n',
  );
  expect(await runIndex(shop.config, [file])).toBe(0);
  expect(shop.printed.join('')).toContain('3 accepted');
  expect((await shop.node.send('GET', '/products/T-M')).json()).toMatchObject({
    title: 'Tee',
    price: 10,
    handle: 'tee',
    attributes: { Size: 'M' },
  });
  expect((await shop.node.send('GET', '/products/mug')).json()).toMatchObject({ title: 'Mug' });
});

test('what the columns were taken for is said, and what is missing', async () => {
  const file = await shop.feed(
    'google.tsv',
    'id\ttitle\tlink\timage link\tproduct type\tcost of goods sold\n1\tA\tu\ti\tX > Y\t3\n',
  );
  const own = await shop.feed('own.csv', 'id,name,category\n1,a,c\n');
  expect(await runIndex(shop.config, [file, own])).toBe(3);
  expect(
    shop.printed
      .slice(
        0,
        shop.printed.findIndex((line) => line.includes('rows in')),
      )
      .join(''),
  ).toBe(
    [
      `${file}: Google Merchant`,
      '  url ← link',
      '  image_url ← image link',
      '  category, categories ← product type',
      '  as they are: id, title',
      '  left out (--map OURS=THEIRS takes one): cost of goods sold',
      `${own}: products`,
      '  as they are: id, name, category',
      '  no column for: title (--map title=COLUMN)',
      '',
    ].join('\n'),
  );
});

test('--dry-run checks by the same rules, sends nothing, and ends with the same code', async () => {
  const good = await shop.feed('good.csv', 'id,title,category,price\n1,x,c,"1,5 €"\n');
  const bad = await shop.feed(
    'bad.ndjson',
    `${lines(3)}\n{"id":"b","title":7,"category":"c"}\n{broken\n`,
  );
  const rejects = join(shop.dir, 'rejects.ndjson');
  const dry = { ...shop.config, dryRun: true, locale: 'de', wait: true };
  expect(await runIndex(dry, [good])).toBe(0);
  expect(shop.printed.join('')).toContain('as they are: id, title, category, price');
  expect(shop.printed.join('')).toMatch(
    /dry run, nothing was sent: 1 rows in .*: 1 fit, 0 rejected/,
  );
  expect(await runIndex({ ...dry, rejects }, [bad])).toBe(3);
  expect(shop.printed.join('')).toMatch(/5 rows in .*: 3 fit, 2 rejected/);
  expect(shop.printed.join('')).toContain('line 4, id "b": title must be a string, got 7');
  const checked = await readFile(rejects, 'utf8');
  expect(await runIndex(dry, [await shop.feed('empty.csv', '')])).toBe(1);
  expect(await shop.node.store.productCount()).toBe(0);
  // Nothing but the judge is another one.
  expect(await runIndex({ ...shop.config, rejects }, [bad])).toBe(3);
  expect(await readFile(rejects, 'utf8')).toBe(checked);
  expect(await shop.node.store.productCount()).toBe(3);
});

test('--locale says how prices are written', async () => {
  const file = await shop.feed('shop.csv', 'id;title;category;price\n1;x;c;1.234,56 €\n');
  expect(await runIndex(shop.config, [file])).toBe(3);
  expect(shop.printed.join('')).toContain('price must be a number like 1,234.56, got "1.234,56 €"');
  expect(await runIndex({ ...shop.config, locale: 'de' }, [file])).toBe(0);
  expect((await shop.node.send('GET', '/products/1')).json()).toMatchObject({
    price: 1234.56,
    currency: 'EUR',
  });
  expect(await runIndex({ ...shop.config, locale: 'xx' }, [file])).toBe(2);
});

test('rows that share a line are resumed where they were left', async () => {
  const items = Array.from(
    { length: 40 },
    (_, i) => `<item><g:id>${i}</g:id><title>t ${i}</title></item>`,
  );
  const file = await shop.feed('flat.xml', `<rss>${items.join('')}</rss>`);
  const embed = shop.node.encoder.embedProducts.bind(shop.node.encoder);
  shop.node.encoder.embedProducts = async (texts) => {
    if (shop.node.encoder.embedded.length >= 20) throw new OmniError('invalid_field', 'no more');
    return embed(texts);
  };
  expect(await runIndex({ ...shop.config, concurrency: 1 }, [file])).toBe(1);
  shop.node.encoder.embedProducts = embed;
  shop.printed.length = 0;
  expect(await runIndex({ ...shop.config, resume: true }, [file])).toBe(0);
  expect(Number(/(\d+) rows in/.exec(shop.printed.join(''))?.[1])).toBeLessThan(40);
  expect(await shop.node.store.productCount()).toBe(40);
});
