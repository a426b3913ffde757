import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seeded } from './catalogue.js';
import { Cluster } from './cluster.js';

/** Texts in a whole cluster with the starter encoder: the same on any number of shards, fresh, forgiving. */

const KINDS: Record<string, { nouns: string[]; attribute: string }> = {
  Mice: { nouns: ['mouse', 'trackball'], attribute: 'DPI' },
  'Mouse pads': { nouns: ['mouse pad'], attribute: 'Thickness' },
  Keyboards: { nouns: ['keyboard', 'keypad'], attribute: 'Layout' },
  Headphones: { nouns: ['headphones', 'headset'], attribute: 'Impedance' },
  Printers: { nouns: ['laser printer', 'inkjet printer'], attribute: 'Pages per minute' },
  Toner: { nouns: ['printer toner', 'ink cartridge'], attribute: 'Yield' },
  Cameras: { nouns: ['digital camera', 'action camera'], attribute: 'Megapixels' },
  Cables: { nouns: ['usb cable', 'network cable'], attribute: 'Cable length' },
};
const MANNERS = ['wireless', 'compact', 'gaming', 'silent', 'black', 'white', 'professional', ''];
const BRANDS = ['Acme', 'Kensington', 'Nordwind', 'Brio'];

function makeCatalogue(count: number): Record<string, unknown>[] {
  const random = seeded(13);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const categories = Object.keys(KINDS);
  return Array.from({ length: count }, (_, i) => {
    const category = pick(categories);
    const { nouns, attribute } = KINDS[category] as (typeof KINDS)[string];
    const brand = pick(BRANDS);
    const model = `${brand.slice(0, 2).toUpperCase()}-${1_000 + i}${pick(['L', 'X', 'W'])}`;
    return {
      id: `sku-${i}`,
      title: [brand, model, pick(MANNERS), pick(MANNERS), pick(nouns)].filter(Boolean).join(' '),
      brand,
      category,
      description: `A ${pick(MANNERS)} ${pick(nouns)} for the office`,
      price: Math.round(random() * 20_000) / 100,
      attributes: { [attribute]: Math.floor(random() * 50), Colour: pick(['black', 'white']) },
    };
  });
}

const QUERIES = [
  'wireless mouse',
  'gaming headset',
  'kensington keyboard',
  'laser printer',
  'pritner toner',
  'head phones',
  'usbcable',
  'silent -gaming mouse',
  '"network cable"',
  'camera under 100',
  'something to print with',
  'black headphones without gaming',
  'BR-1007L',
  'sku 12',
  'quiet trackbal',
  'cheap mouse',
  'mouse mouse pad',
  'zzqx',
];

interface Ranked {
  id: string;
  score: number;
  scores: Record<string, number>;
}

describe('a text in a whole cluster', () => {
  const products = makeCatalogue(1_200);
  let dataDir: string;
  const answers: Record<number, unknown> = {};

  beforeAll(async () => {
    const cluster = await Cluster.start({ shards: 1 });
    dataDir = cluster.dataDir;
    await cluster.index(products);
    await cluster.stop();
  });
  afterAll(async () => {
    const cluster = await Cluster.start({ dataDir });
    await cluster.stop();
    cluster.remove();
  });

  async function rank(cluster: Cluster, body: object): Promise<Ranked[]> {
    const asked = { top_k: 60, fields: [], exact: true, timeout_ms: 20_000, ...body };
    const { status, json } = await cluster.post('/search/text', asked);
    expect([status, json['partial']]).toEqual([200, null]);
    if (asked.exact) expect(json).not.toHaveProperty('approximate');
    return (json.hits as unknown as Ranked[]).map(({ id, score, scores }) => ({
      id,
      score,
      scores,
    }));
  }

  test.each([
    { shards: 1, env: {} },
    { shards: 2, env: { OMNISEARCH_TAIL_ROWS: '200', OMNISEARCH_GRAPH_MIN_ROWS: '100' } },
    { shards: 16, env: { OMNISEARCH_TAIL_ROWS: '70' } },
  ])('invariant 3: ids, scores and order are the same with $shards shards', async (options) => {
    const cluster = await Cluster.start({ dataDir, ...options });
    try {
      const { json } = await cluster.send('GET', '/stats');
      const rows = (json['shards'] as { documents: number }[]).map(({ documents }) => documents);
      const least = Math.min(2, options.shards);
      expect(rows.filter((count) => count > 0).length).toBeGreaterThanOrEqual(least);
      const found: Record<string, Ranked[]> = {};
      for (const query of QUERIES) {
        for (const mode of ['hybrid', 'keyword', 'vector']) {
          found[`${mode}: ${query}`] = await rank(cluster, { query, mode });
        }
        const filter = { category: ['Mice', 'Toner', 'Keyboards'], price: { lt: 150 } };
        found[`filtered: ${query}`] = await rank(cluster, { query, filter });
      }
      answers[options.shards] = found;
      expect(found['hybrid: wireless mouse']).toHaveLength(60);
      expect(found).toEqual(answers[1]);
    } finally {
      expect(await cluster.stop()).toBe(0);
    }
  });

  describe('on two shards', () => {
    let cluster: Cluster;
    beforeAll(async () => {
      cluster = await Cluster.start({ dataDir, shards: 2 });
    });
    afterAll(async () => {
      await cluster.stop();
    });

    const first = async (query: string, more: object = {}): Promise<string | undefined> =>
      (await rank(cluster, { query, exact: false, ...more }))[0]?.id;

    test('an id, and the code of a title, are the first hit however they are written', async () => {
      for (const { id, title } of products.slice(0, 40) as { id: string; title: string }[]) {
        const code = title.split(' ')[1] as string;
        for (const query of [id, id.toUpperCase(), code, code.toLowerCase().replace('-', '')]) {
          expect(await first(query), query).toBe(id);
        }
        expect(await first(code.replace('-', ' ')), code).toBe(id);
      }
    });

    test('one wrong letter does not change what is found first', async () => {
      for (const [typed, meant] of [
        ['wireless muose', 'wireless mouse'],
        ['keybord', 'keyboard'],
        ['kensingtn headset', 'kensington headset'],
      ] as const) {
        const { json } = await cluster.post('/search/text', { query: typed, fields: ['title'] });
        expect(json['rewritten']).toEqual({ from: typed, to: meant });
        const last = meant.split(' ').at(-1) as string;
        expect(String(json.hits?.[0]?.product['title']).toLowerCase()).toContain(last);
      }
    });

    test('a changed title is found at once by its new words, and not by its old ones', async () => {
      for (let i = 0; i < 5; i++) {
        // Asked before, so that its absence could be remembered.
        expect(await first(`zorbolux${i}`)).toBeUndefined();
        const changed = { ...products[3], title: `Zorbolux${i} mouse` };
        const { json } = await cluster.post('/products?wait=searchable', changed);
        expect(json['searchable']).toBe(true);
        expect(await first(`zorbolux${i}`)).toBe('sku-3');
      }
      const old = await rank(cluster, { query: '"zorbolux3"', mode: 'keyword' });
      expect(old).toEqual([]);
    });

    test('the page of a thousand holds the page of ten', async () => {
      const few = await rank(cluster, { query: 'wireless mouse', top_k: 10 });
      const many = await rank(cluster, { query: 'wireless mouse', top_k: 1_000 });
      expect(many.length).toBeGreaterThan(100);
      expect(many.slice(0, 10)).toEqual(few);
      const scores = many.map(({ score }) => score);
      expect(scores).toEqual([...scores].sort((a, b) => b - a));
    });

    test('many texts at once are answered as one by one', async () => {
      const searches = QUERIES.map((query) => ({ query, top_k: 5, fields: [], exact: true }));
      const { json } = await cluster.post('/search/batch', { searches });
      const results = json['results'] as { hits: Ranked[] }[];
      for (const [i, query] of QUERIES.entries()) {
        const alone = await rank(cluster, { query, top_k: 5 });
        const ids = results[i]?.hits.map(({ id, score }) => [id, score]);
        expect(ids, query).toEqual(alone.map(({ id, score }) => [id, score]));
      }
    });
  });
});
