import type { Goods } from './goods.js';
import type { Need } from './needs.js';

/** Of a category, with these attributes, and what else must hold. */
function right(
  category: string,
  attributes: Readonly<Record<string, unknown>> = {},
  also: (goods: Goods) => boolean = () => true,
): Need['isRight'] {
  return (goods) =>
    goods.category === category &&
    Object.entries(attributes).every(([name, wanted]) => goods.attributes[name] === wanted) &&
    also(goods);
}

const titled =
  (pattern: RegExp) =>
  ({ title }: Goods): boolean =>
    pattern.test(title.toLowerCase());
const isPhone = ({ attributes }: Goods): boolean =>
  attributes['Fits'] === undefined &&
  !/case|charger|stand|cable/.test(String(attributes['Type'] ?? ''));
const isBoot = ({ text }: Goods): boolean => text.includes('boot');

/** Needs of the demo shop, told by its attributes. */
export const DEMO_NEEDS: readonly Need[] = [
  ...needs('units', {
    'laptop 32gb ram': right('Laptops', { 'Memory GB': 32 }),
    '18v drill': right('Tools', { 'Voltage V': 18 }, titled(/drill/)),
    '28 cm frying pan': right('Cookware', { 'Diameter cm': 28, Type: 'frying pan' }),
    'boots size 42': right('Shoes', { 'Size EU': 42 }, isBoot),
  }),
  ...needs('attributes', {
    'noise cancelling earbuds': right('Headphones', { 'Noise cancelling': true }, titled(/earbud/)),
    'vegan lipstick': right('Beauty', { Vegan: true }, ({ text }) =>
      /lipstick|lip colour/.test(text),
    ),
    'dimmable table lamp': right('Lighting', { Dimmable: true, Type: 'table lamp' }),
    'waterproof hiking backpack': right('Bags', { Waterproof: true, Use: 'hiking' }),
  }),
  ...needs('colours', {
    'navy rain jacket': right('Jackets', { Colour: 'Navy', Waterproof: true }),
    'lilac phone case': right('Phones', { Colour: 'Lilac', Type: 'phone case' }),
  }),
  ...needs('brand and type', {
    'ferrow sofa': right(
      'Furniture',
      {},
      ({ brand, title }) => brand === 'Ferrow' && /sofa/i.test(title),
    ),
    'tessel laptop': right('Laptops', {}, ({ brand }) => brand === 'Tessel'),
  }),
  ...needs('negation', {
    'boots without leather': right(
      'Shoes',
      {},
      ({ text }) => text.includes('boot') && !/\bleather/.test(text),
    ),
    'smartphone not ostara': right(
      'Phones',
      {},
      (goods) => isPhone(goods) && goods.brand !== 'Ostara',
    ),
  }),
  ...needs('price words', {
    'backpack under 50': right(
      'Bags',
      {},
      ({ price, text }) => price < 50 && /backpack|rucksack/.test(text),
    ),
    'cheap headphones': right(
      'Headphones',
      {},
      ({ price, text }) => price <= 86 && /headphone|earbud/.test(text),
    ),
  }),
  ...needs('product before accessory', {
    phone: right('Phones', {}, isPhone),
    sofa: right('Furniture', {}, titled(/sofa/)),
  }),
];

function needs(kind: string, rights: Readonly<Record<string, (goods: Goods) => boolean>>): Need[] {
  return Object.entries(rights).map(([query, isRight]) => ({ kind, query, isRight }));
}
