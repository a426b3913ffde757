import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { ColumnReport } from '../../src/catalogue-files/column-report.js';
import { brief, errorOf, read } from './reading.js';

const XMLNS = 'xmlns:g="http://base.google.com/ns/1.0"';

function rss(items: string): string {
  return `<?xml version="1.0"?>\n<rss version="2.0" ${XMLNS}><channel><title>A & B</title>\n${items}\n</channel></rss>\n`;
}

const FULL = `<item>
  <title>of the page</title>
  <g:id>s-1</g:id>
  <g:title><![CDATA[Shirt <b>"fine"</b> & more]]></g:title>
  <description>Soft &amp; warm &#8364; &eacute;</description>
  <link>https://shop.example/s-1</link>
  <g:image_link> https://shop.example/s-1.jpg </g:image_link>
  <g:additional_image_link>https://shop.example/2.jpg</g:additional_image_link>
  <g:additional_image_link>https://shop.example/3.jpg</g:additional_image_link>
  <g:price>12.50 EUR</g:price>
  <g:sale_price>9.99 EUR</g:sale_price>
  <g:availability>in stock</g:availability>
  <g:product_type>Apparel &gt; Clothing &gt; Shirts</g:product_type>
  <g:product_type>Sale</g:product_type>
  <g:google_product_category>212</g:google_product_category>
  <g:brand>Acme</g:brand><g:gtin>0012345678905</g:gtin><g:mpn/>
  <g:color>Red</g:color><g:size>S</g:size>
  <g:item_group_id>shirt</g:item_group_id>
  <g:cost_of_goods_sold>3 EUR</g:cost_of_goods_sold>
  <g:shipping><g:country>DE</g:country><g:price>4.95 EUR</g:price></g:shipping>
  <g:product_detail>
    <g:attribute_name>Fit</g:attribute_name><g:attribute_value>slim</g:attribute_value>
  </g:product_detail>
</item>`;

const FULL_PRODUCT = {
  id: 's-1',
  title: 'Shirt <b>"fine"</b> & more',
  description: 'Soft & warm € é',
  url: 'https://shop.example/s-1',
  image_url: 'https://shop.example/s-1.jpg',
  additional_image_link: ['https://shop.example/2.jpg', 'https://shop.example/3.jpg'],
  price: 12.5,
  currency: 'EUR',
  sale_price: 9.99,
  in_stock: true,
  availability: 'in_stock',
  category: 'Shirts',
  categories: ['Apparel', 'Apparel > Clothing', 'Apparel > Clothing > Shirts', 'Sale'],
  brand: 'Acme',
  gtin: '0012345678905',
  item_group_id: 'shirt',
  attributes: { color: 'Red', size: 'S', Fit: 'slim' },
};

describe('Google Merchant XML', () => {
  it.each([1, 5, 100_000])('reads every field of an item, in chunks of %s', async (chunkBytes) => {
    expect(brief(await read(rss(FULL), { chunkBytes }))).toEqual([[3, FULL_PRODUCT]]);
  });

  it('reads gzip, CR line ends, another prefix, a declared encoding, and what lacks its namespace', async () => {
    const one = [[3, { id: '1', title: 'é', category: '-' }]];
    const item = '<item><g:id>1</g:id><g:title>é</g:title></item>';
    expect(brief(await read(gzipSync(rss(item))))).toEqual(one);
    expect(brief(await read(rss(item).replaceAll('\n', '\r')))).toEqual(one);
    expect(
      brief(await read(rss(item).replaceAll('g:', 'gm:').replace('xmlns:g=', 'xmlns:gm='))),
    ).toEqual(one);
    expect(brief(await read(rss(item).replace(XMLNS, '')))).toEqual(one);
    const latin = rss(item).replace('"1.0"?', '"1.0" encoding="ISO-8859-1"?');
    expect(brief(await read(Buffer.from(latin, 'latin1')))).toEqual(one);
    const unknown = await errorOf(read(rss(item).replace('"1.0"?', '"1.0" encoding="EBCDIC"?')));
    expect(unknown.message).toContain('the encoding EBCDIC is not known');
  });

  it('reads Atom', async () => {
    const feed = `<feed xmlns="http://www.w3.org/2005/Atom" ${XMLNS}><id>x</id>
<entry><id>urn:1</id><g:id>1</g:id><title>Cup</title><summary>Blue</summary>
<link rel="self" href="https://shop.example/1.atom"/><link href="https://shop.example/1"/></entry></feed>`;
    expect(brief(await read(feed))).toEqual([
      [
        2,
        {
          id: '1',
          title: 'Cup',
          description: 'Blue',
          url: 'https://shop.example/1',
          category: '-',
        },
      ],
    ]);
  });

  it.each([
    ['in stock', true],
    ['in_stock', true],
    ['In Stock', true],
    ['out of stock', false],
    ['out_of_stock', false],
    ['preorder', false],
    ['backorder', false],
  ])('availability %s', async (availability, inStock) => {
    const item = `<item><g:id>1</g:id><g:availability>${availability}</g:availability></item>`;
    expect(brief(await read(rss(item)))).toEqual([
      [
        3,
        {
          id: '1',
          category: '-',
          in_stock: inStock,
          availability: availability.toLowerCase().replaceAll(' ', '_'),
        },
      ],
    ]);
  });

  it('names what it cannot convert', async () => {
    const items = [
      '<item><g:id>1</g:id><g:price>ten</g:price></item>',
      '<item><g:id>2</g:id><g:price>1 EUR</g:price><g:price>2 EUR</g:price></item>',
      '<item><g:id>3</g:id><g:availability>maybe</g:availability></item>',
      '<item><g:id>4</g:id><g:sale_price>12,50 EUR</g:sale_price></item>',
    ];
    const read3 = await read(rss(items.join('\n')));
    expect(brief(read3)).toEqual([
      [3, 'invalid_field', 'price'],
      [4, 'invalid_field', 'price'],
      [5, 'invalid_field', 'in_stock'],
      [6, 'invalid_field', 'sale_price'],
    ]);
    expect(read3[1]).toMatchObject({ id: '2', message: 'price must be one value, got 2 of them' });
  });

  it.each([
    ['a bare &', '<item><g:id>x</g:id><g:title>Tom & Jerry</g:title></item>'],
    ['a bare <', '<item><g:id>x</g:id><g:title>5 < 6</g:title></item>'],
    ['an element that is not closed', '<item><g:id>x</g:id><g:title>a<g:brand>b</g:brand></item>'],
    ['an element that is not opened', '<item><g:id>x</g:id></g:title></item>'],
    ['another name at the end', '<item><g:id>x</g:id><g:title>a</g:titel></item>'],
    ['an item that is not closed', '<item><g:id>x</g:id><g:title>a</g:title>'],
    ['an entity of its own', '<item><g:id>x</g:id><g:title>&evil;</g:title></item>'],
  ])('loses one item to %s, and names it', async (_, broken) => {
    const good = (id: string): string => `<item><g:id>${id}</g:id><g:title>t</g:title></item>`;
    const doctype = '<!DOCTYPE rss [<!ENTITY evil SYSTEM "file:///etc/hostname">]>';
    const content = rss([good('1'), broken, good('2'), good('3')].join('\n'));
    const items = await read(content.replace('\n', doctype));
    const product = (id: string): object => ({ id, title: 't', category: '-' });
    expect(
      brief(items.filter((item) => 'text' in item)).map((one) => (one as object[])[1]),
    ).toEqual(['1', '2', '3'].map(product));
    const rejects = items.filter((item) => !('text' in item));
    expect(rejects).toMatchObject([{ line: 3, id: 'x', code: 'invalid_xml' }]);
  });

  it('counts the items that something unclosed has made text of', async () => {
    const items = ['<item><g:id>1</g:id><g:title a="x>A</g:title></item>'];
    for (const id of [2, 3]) items.push(`<item>\n<g:id>${id}</g:id></item>`);
    items.push('<item><g:id>4</g:id><g:title a="x">D</g:title></item>');
    items.push('<item><g:id>5</g:id><g:title>E</g:title></item>');
    expect(brief(await read(rss(items.join('\n')), { chunkBytes: 10_000 }))).toEqual([
      [3, 'invalid_xml'],
      [4, 'invalid_xml'],
      [6, 'invalid_xml'],
      [8, 'invalid_xml'],
      [9, { id: '5', title: 'E', category: '-' }],
    ]);
  });

  it('rejects an item that is too large without holding it, and one that cannot be read', async () => {
    const large = `<item><g:id>1</g:id><g:title>${'x'.repeat(300_000)}</g:title></item>`;
    const latin = '<item><g:id>2</g:id><g:title>caf\xe9</g:title></item>';
    const good = '<item><g:id>3</g:id></item>';
    const content = Buffer.from(rss([large, latin, good].join('\n')), 'latin1');
    expect(brief(await read(content, { maxRowBytes: 100_000, chunkBytes: 50_000 }))).toEqual([
      [3, 'too_large'],
      [4, 'invalid_xml'],
      [5, { id: '3', category: '-' }],
    ]);
  });

  it.each([
    [
      'cut off',
      rss('<item><g:id>1</g:id></item>\n<item><g:id>2').slice(0, -20),
      'is cut off at line 4, in the item of line 4',
    ],
    ['without an item', rss(''), 'the file is XML without an <item> or <entry>'],
    ['of another kind', '<products><product/></products>', 'the file is XML of <products>'],
    ['nothing but a comment', `<rss><!--${'x'.repeat(300_000)}`, 'has neither text nor elements'],
    ['a tower', `<rss>${'<a>'.repeat(2_000)}`, 'elements lie in each other'],
  ])('XML that is %s is an error that says so', async (_, content, message) => {
    const extra = { maxRowBytes: 100_000, chunkBytes: 10_000 };
    expect((await errorOf(read(content, extra))).message).toContain(message);
  });

  it('--map takes names with and without the prefix, and goes first', async () => {
    const item =
      '<item><g:id>1</g:id><g:title>t</g:title><g:price>9 EUR</g:price><g:sale_price>5 USD</g:sale_price>' +
      '<g:custom_label_0>Cups</g:custom_label_0><g:color>red</g:color></item>';
    const map = [
      ['price', 'sale_price'],
      ['category', 'g:custom_label_0'],
      ['attributes.Colour', 'color'],
    ] as const;
    expect(brief(await read(rss(item), { map }))).toEqual([
      [
        3,
        {
          id: '1',
          title: 't',
          price: 5,
          currency: 'USD',
          category: 'Cups',
          attributes: { Colour: 'red', color: 'red' },
        },
      ],
    ]);
  });

  it('finds every item, wherever the chunks end', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 12 });
    const property = fc.asyncProperty(
      fc.array(text, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 40 }),
      fc.boolean(),
      async (titles, chunkBytes, inCdata) => {
        const clean = titles.map((title) => title.replaceAll(/[\u0000-\u001f\ufffd]|\]\]>/gu, ''));
        const items = clean.map((title, i) => {
          const escaped = title.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
          const content = inCdata ? `<![CDATA[${title}]]>` : escaped;
          return `<item><g:id>${i}</g:id><g:title>t${content}t</g:title></item>`;
        });
        const rows = await read(rss(items.join('')), { chunkBytes });
        expect(brief(rows)).toEqual(
          clean.map((title, i) => [3, { id: `${i}`, title: `t${title}t`, category: '-' }]),
        );
      },
    );
    await fc.assert(property, { numRuns: 100 });
  });

  it('says what the elements were taken for', async () => {
    const reports: ColumnReport[] = [];
    await read(rss(FULL), { onColumns: (report) => reports.push(report), chunkBytes: 10_000 });
    expect(reports).toHaveLength(1);
    const { title, columns, missing } = reports[0] ?? { columns: [] };
    expect([title, missing]).toEqual(['Google Merchant', []]);
    const fieldsOf = (name: string): unknown => columns.find((one) => one.column === name)?.fields;
    expect(
      ['link', 'color', 'availability', 'shipping', 'cost_of_goods_sold'].map(fieldsOf),
    ).toEqual([['url'], ['attributes.color'], ['in_stock', 'availability'], [], []]);
  });
});

describe('Google Merchant tables', () => {
  const header =
    'id\ttitle\tprice\tavailability\tlink\timage link\tgoogle product category\tadditional image link\tcolor';

  it('reads tabs, names with blanks, quotes that mean inches', async () => {
    const row =
      '1\t27" TV\t12.50 EUR\tout of stock\thttps://a\thttps://b\tElectronics > TVs\tx, y\tBlack';
    for (const format of ['auto', 'tsv'] as const) {
      expect(brief(await read(`${header}\n${row}\n`, { format }))).toEqual([
        [
          2,
          {
            id: '1',
            title: '27" TV',
            price: 12.5,
            currency: 'EUR',
            in_stock: false,
            availability: 'out_of_stock',
            url: 'https://a',
            image_url: 'https://b',
            category: 'TVs',
            categories: ['Electronics', 'Electronics > TVs'],
            additional_image_link: ['x', 'y'],
            attributes: { color: 'Black' },
          },
        ],
      ]);
    }
  });

  it('leaves a table in our own words alone', async () => {
    const content = 'id,title,category,price,gtin,mpn,color\n1,t,c,5,012,m,red\n';
    expect(brief(await read(content))).toEqual([
      [2, { id: '1', title: 't', category: 'c', price: 5, gtin: '012', mpn: 'm', color: 'red' }],
    ]);
  });

  it('keeps what has our name already', async () => {
    const content =
      'id,title,category,in_stock,url,link,image_link,availability\n1,t,c,yes,u,l,i,preorder\n';
    expect(brief(await read(content))).toEqual([
      [
        2,
        {
          id: '1',
          title: 't',
          category: 'c',
          in_stock: true,
          url: 'u',
          image_url: 'i',
          availability: 'preorder',
        },
      ],
    ]);
  });
});
