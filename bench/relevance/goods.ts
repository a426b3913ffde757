import { lines } from '../lib/catalogue.js';

type Value = string | number | boolean | string[] | null;

/** A product as the checks look at it. */
export interface Goods {
  id: string;
  title: string;
  brand: string;
  category: string;
  description: string;
  /** NaN where it has none. */
  price: number;
  attributes: Readonly<Record<string, Value>>;
  /** All that is said of it, lower case: title, brand, category, description, attributes as "name value". */
  text: string;
  /** As it is sent. */
  line: string;
}

/** The products of an NDJSON file, gunzipped when its name ends in .gz. */
export async function loadGoods(path: string): Promise<Goods[]> {
  const goods: Goods[] = [];
  for await (const line of lines(path)) if (line.trim() !== '') goods.push(goodsOf(line));
  return goods;
}

export function goodsOf(line: string): Goods {
  const product = JSON.parse(line) as Partial<Goods> & Pick<Goods, 'id' | 'title' | 'category'>;
  const { id, title, category, brand = '', description = '', price = NaN } = product;
  const { attributes = {} } = product;
  const said = Object.entries(attributes).flatMap(([name, value]) =>
    value === false || value === null ? [] : [`${name} ${value === true ? '' : String(value)}`],
  );
  const text = [title, brand, category, description, ...said].join('\n').toLowerCase();
  return { id, title, brand, category, description, price, attributes, text, line };
}
