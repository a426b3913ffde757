import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { DEPARTMENTS } from '../../scripts/demo-catalogue/departments.js';
import { fillText } from '../../scripts/demo-catalogue/fill.js';
import { svgOf } from '../../scripts/demo-catalogue/pictures/svg.js';
import { demoShop, pictureFile } from '../../scripts/demo-catalogue/products.js';

const shop = demoShop(DEPARTMENTS);

describe('the demo shop', () => {
  it('is the same on every run', () => {
    expect(demoShop(DEPARTMENTS)).toEqual(shop);
  });

  it('has about 3,000 products in some twenty categories of very different sizes', () => {
    const sizes = DEPARTMENTS.map(({ products }) => products);
    expect(shop.products.length).toBeGreaterThan(2800);
    expect(shop.products.length).toBeLessThan(3300);
    expect(DEPARTMENTS.length).toBeGreaterThanOrEqual(18);
    expect(Math.max(...sizes) / Math.min(...sizes)).toBeGreaterThan(5);
  });

  it('gives every category as many products as it should have', () => {
    for (const { category, products } of DEPARTMENTS) {
      expect(shop.products.filter((product) => product.category === category)).toHaveLength(
        products,
      );
    }
  });

  it('repeats neither ids nor titles', () => {
    expect(new Set(shop.products.map(({ id }) => id)).size).toBe(shop.products.length);
    expect(new Set(shop.products.map(({ title }) => title)).size).toBe(shop.products.length);
  });

  it('fills every slot and writes sensible prices', () => {
    for (const product of shop.products) {
      expect(JSON.stringify(product)).not.toMatch(/[{]\w+[}]|undefined|NaN/);
      expect(product.description.length).toBeGreaterThan(20);
      expect(product.price).toBeGreaterThan(0);
    }
  });

  it('can be filtered: attributes of every type, some further categories, some stock gone', () => {
    const types = shop.products.flatMap(({ attributes }) =>
      Object.values(attributes).map((value) => (Array.isArray(value) ? 'list' : typeof value)),
    );
    expect(new Set(types)).toEqual(new Set(['string', 'number', 'boolean', 'list']));
    expect(shop.products.some(({ categories }) => categories !== undefined)).toBe(true);
    expect(shop.products.some((product) => !product.in_stock)).toBe(true);
  });
});

describe('the pictures of the demo shop', () => {
  it('are those that its products show', () => {
    const shown = new Set(shop.products.map((product) => product.image_url));
    const drawn = shop.pictures.map((picture) => `/demo/pictures/${pictureFile(picture)}`);
    expect(new Set(drawn)).toEqual(shown);
  });

  it('are small and complete', () => {
    for (const picture of shop.pictures) {
      const svg = svgOf(picture);
      expect(svg.length).toBeLessThan(1536);
      expect(svg).toMatch(/^<svg .*<\/svg>\n$/);
      expect(svg).not.toMatch(/undefined|NaN/);
    }
  });

  it('have new names when they change: browsers keep what has a name for good', () => {
    const all = shop.pictures.map((picture) => `${pictureFile(picture)} ${svgOf(picture)}`);
    const drawn = createHash('sha256').update(all.sort().join('')).digest('hex').slice(0, 16);
    expect(drawn).toBe('cce2ef33c27d9f47');
  });

  it('cannot be of an unknown thing', () => {
    expect(() => svgOf({ drawing: 'unicorn', colour: 'red' })).toThrow('no such drawing');
  });
});

describe('a text with slots', () => {
  it('chooses the article by sound', () => {
    expect(fillText('a {colour} one', { colour: 'orange' })).toBe('An orange one');
    expect(fillText('a {who} one', { who: 'unisex' })).toBe('A unisex one');
    expect(fillText('a {size} bag', { size: 8 })).toBe('An 8 bag');
  });

  it('joins lists and rejects unknown slots', () => {
    expect(fillText('with {ports}', { ports: ['A', 'B', 'C'] })).toBe('With A, B and C');
    expect(() => fillText('{other}', {})).toThrow('no such slot: other');
  });
});
