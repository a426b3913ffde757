import { describe, expect, it } from 'vitest';
import type { ColumnReport } from '../../src/catalogue-files/column-report.js';
import { brief, read } from './reading.js';

/** A table from rows that name only what they have. */
function table(columns: readonly string[], rows: readonly Record<string, string>[]): string {
  const quoted = (cell: string): string =>
    /[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  const lines = rows.map((row) => columns.map((column) => quoted(row[column] ?? '')).join(','));
  return [columns.join(','), ...lines].join('\n');
}

const OLD = (
  'Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,' +
  'Option2 Name,Option2 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,' +
  'Variant Inventory Policy,Variant Price,Variant Compare At Price,Variant Barcode,Image Src,Image Position,' +
  'Variant Image,Cost per item,Fit (product.metafields.custom.fit),Status'
).split(',');

const TEE = {
  Handle: 'tee',
  Title: 'Tee',
  'Body (HTML)': '<p>Soft,\n"warm"</p>',
  Vendor: 'Acme',
  'Product Category': 'Apparel > Clothing > Shirts',
  Type: 'Tees',
  Tags: 'new, sale',
  Published: 'TRUE',
  'Option1 Name': 'Size',
  'Option1 Value': 'S',
  'Option2 Name': 'Color',
  'Option2 Value': 'Red',
  'Variant SKU': 'T-S',
  'Variant Inventory Tracker': 'shopify',
  'Variant Inventory Qty': '3',
  'Variant Inventory Policy': 'deny',
  'Variant Price': '12.50',
  'Variant Compare At Price': '15.00',
  'Variant Barcode': "'0123",
  'Image Src': '1.jpg',
  'Cost per item': '4',
  'Fit (product.metafields.custom.fit)': 'slim',
  Status: 'active',
};

const COMMON = {
  handle: 'tee',
  title: 'Tee',
  description: '<p>Soft,\n"warm"</p>',
  brand: 'Acme',
  category: 'Tees',
  categories: ['Apparel', 'Apparel > Clothing', 'Apparel > Clothing > Shirts'],
  tags: ['new', 'sale'],
  published: true,
  status: 'active',
  price: 12.5,
};

describe('Shopify', () => {
  it('makes a product of each variant, with what its first row says; pictures are none', async () => {
    const variant = { Handle: 'tee', 'Variant Price': '12.50', 'Option2 Value': 'Red' };
    const content = table(OLD, [
      TEE,
      {
        ...variant,
        'Option1 Value': 'M',
        'Variant SKU': 'T-M',
        'Variant Inventory Tracker': 'shopify',
        'Variant Inventory Qty': '0',
        'Variant Image': 'm.jpg',
        'Image Src': '2.jpg',
      },
      { ...variant, 'Option1 Value': 'L', 'Image Src': '3.jpg' },
      { Handle: 'tee', 'Image Src': '4.jpg', 'Image Position': '4' },
    ]);
    expect(brief(await read(content))).toEqual([
      [
        2,
        {
          ...COMMON,
          id: 'T-S',
          sku: 'T-S',
          gtin: '0123',
          compare_at_price: 15,
          in_stock: true,
          image_url: '1.jpg',
          attributes: { Fit: 'slim', Size: 'S', Color: 'Red' },
        },
      ],
      [
        4,
        {
          ...COMMON,
          id: 'T-M',
          sku: 'T-M',
          in_stock: false,
          image_url: 'm.jpg',
          attributes: { Fit: 'slim', Size: 'M', Color: 'Red' },
        },
      ],
      [
        5,
        {
          ...COMMON,
          id: 'tee:L:Red',
          in_stock: true,
          image_url: '1.jpg',
          attributes: { Fit: 'slim', Size: 'L', Color: 'Red' },
        },
      ],
    ]);
  });

  it('reads the names of today', async () => {
    const columns = (
      'Title,URL handle,Description,Vendor,Product category,Type,Tags,Published on online store,Status,SKU,' +
      'Barcode,Option1 name,Option1 value,Price,Compare-at price,Inventory tracker,Inventory quantity,' +
      'Continue selling when out of stock,Product image URL,Variant image URL'
    ).split(',');
    const content = table(columns, [
      {
        Title: 'Mug',
        'URL handle': 'mug',
        'Product category': 'Home & Garden > Mugs',
        'Published on online store': 'FALSE',
        Status: 'Draft',
        Barcode: '0012',
        'Option1 name': 'Title',
        'Option1 value': 'Default Title',
        Price: '5',
        'Inventory tracker': 'shopify',
        'Inventory quantity': '0',
        'Continue selling when out of stock': 'TRUE',
        'Product image URL': 'mug.jpg',
      },
    ]);
    expect(brief(await read(content))).toEqual([
      [
        2,
        {
          id: 'mug',
          handle: 'mug',
          title: 'Mug',
          category: 'Mugs',
          categories: ['Home & Garden', 'Home & Garden > Mugs'],
          published: false,
          status: 'Draft',
          gtin: '0012',
          price: 5,
          in_stock: true,
          image_url: 'mug.jpg',
        },
      ],
    ]);
  });

  it('tells stock from pieces, policy and whether they are counted', async () => {
    const columns = [
      'Handle',
      'Title',
      'Vendor',
      'Variant Inventory Tracker',
      'Variant Inventory Qty',
      'Variant Inventory Policy',
    ];
    const rows = [
      ['shopify', '2', 'deny'],
      ['shopify', '-1', 'deny'],
      ['shopify', '0', 'continue'],
      ['', '', 'deny'],
      ['shopify', '', 'deny'],
      ['shopify', 'many', 'deny'],
    ].map((cells, i) => `h${i},t,v,${cells.join(',')}`);
    const items = await read([columns.join(','), ...rows].join('\n'));
    const stock = items.map((item) =>
      'text' in item ? (JSON.parse(item.text) as { in_stock?: boolean }).in_stock : item.field,
    );
    expect(stock).toEqual([true, false, true, true, undefined, 'in_stock']);
  });

  it('gives two variants of one SKU ids of their own', async () => {
    const columns = ['Handle', 'Title', 'Option1 Name', 'Option1 Value', 'Variant SKU'];
    const content = table(columns, [
      {
        Handle: 'cup',
        Title: 'Cup',
        'Option1 Name': 'Color',
        'Option1 Value': 'Red',
        'Variant SKU': 'C',
      },
      { Handle: 'cup', 'Option1 Value': 'Blue', 'Variant SKU': 'C' },
    ]);
    const items = await read(content);
    expect(
      items.map((item) => 'text' in item && (JSON.parse(item.text) as { id: string }).id),
    ).toEqual(['C', 'cup:Blue']);
  });

  it('names a variant whose first row was lost, and what follows it is whole', async () => {
    const content =
      'Handle,Title,Vendor,Variant SKU,Variant Price\n' +
      'cap,"Cap,Acme,C-1,9\ncap,,,C-2,9\nhat,Hat,Acme,H-1,9\nhat,,,H-2,nine\nhat,,,H-3,10\n';
    const items = await read(content);
    expect(brief(items)).toEqual([
      [2, 'invalid_csv'],
      [3, 'invalid_field', 'title'],
      [4, expect.objectContaining({ id: 'H-1', title: 'Hat' })],
      [5, 'invalid_field', 'price'],
      [6, expect.objectContaining({ id: 'H-3', title: 'Hat', brand: 'Acme' })],
    ]);
    expect(items[1]).toMatchObject({ message: expect.stringContaining('"cap"') as string });
  });

  it('--map goes first, and holds for all variants', async () => {
    const columns = [
      'Handle',
      'Title',
      'Vendor',
      'Type',
      'Variant SKU',
      'SEO Title',
      'Variant Grams',
    ];
    const content = table(columns, [
      {
        Handle: 'a',
        Title: 'A',
        Type: 'x',
        'Variant SKU': '1',
        'SEO Title': 'Fine A',
        'Variant Grams': '7',
      },
      { Handle: 'a', 'Variant SKU': '2' },
    ]);
    const map = [
      ['title', 'SEO Title'],
      ['attributes.weight', 'Variant Grams'],
    ] as const;
    const reports: ColumnReport[] = [];
    const items = await read(content, { map, onColumns: (report) => reports.push(report) });
    const common = { handle: 'a', title: 'Fine A', category: 'x' };
    expect(brief(items)).toEqual([
      [2, { ...common, id: '1', sku: '1', attributes: { weight: '7' } }],
      [3, { ...common, id: '2', sku: '2', attributes: { weight: '7' } }],
    ]);
    expect(reports[0]?.columns.find(({ column }) => column === 'SEO Title')?.fields).toEqual([
      'title',
    ]);
  });
});
