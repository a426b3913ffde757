import type { Goods } from './goods.js';
import type { ShopSearch, Mode } from './shop-search.js';

/** What shoppers type, and the category that the best of the demo shop's answers are of. */
export const DEMO_QUERIES: readonly (readonly [query: string, category: string])[] = [
  ['running shoes for men', 'Shoes'],
  ['warm boots for snow', 'Shoes'],
  ['leather sandals', 'Shoes'],
  ['summer dress', 'Dresses'],
  ['elegant evening dress', 'Dresses'],
  ['waterproof rain jacket', 'Jackets'],
  ['something to fry eggs in', 'Cookware'],
  ['saucepan with lid', 'Cookware'],
  ['wooden puzzle for children', 'Toys'],
  ['teddy bear', 'Toys'],
  ['office chair', 'Furniture'],
  ['small desk for a tiny room', 'Furniture'],
  ['bookshelf', 'Furniture'],
  ['shovel for the garden', 'Garden'],
  ['flower pot', 'Garden'],
  ['dark chocolate', 'Groceries'],
  ['coffee beans', 'Groceries'],
  ['detective novel', 'Books'],
  ['gaming laptop', 'Laptops'],
  ['quiet headphones for the train', 'Headphones'],
  ['wireless mouse', 'Mice'],
  ['mechanical keyboard', 'Keyboards'],
  ['smartphone with a good camera', 'Phones'],
  ['bedside lamp', 'Lighting'],
  ['backpack for school', 'Bags'],
  ['wrist watch', 'Watches'],
  ['yoga mat', 'Sports'],
  ['dog bed', 'Pets'],
  ['face cream', 'Beauty'],
  ['cordless drill', 'Tools'],
];

/** The share of right categories among the first five, by query. */
export async function rankDemo(search: ShopSearch, goods: readonly Goods[], mode: Mode) {
  const categories = new Map(goods.map(({ id, category }) => [id, category]));
  const missed: string[] = [];
  let right = 0;
  for (const [query, category] of DEMO_QUERIES) {
    const hits = await search.rank(query, { mode, topK: 5 });
    const fitting = hits.filter((id) => categories.get(id) === category).length;
    right += fitting / 5;
    if (fitting < 3) missed.push(query);
  }
  return {
    mode,
    queries: DEMO_QUERIES.length,
    'precision@5': right / DEMO_QUERIES.length,
    missed: missed.join('; '),
  };
}
