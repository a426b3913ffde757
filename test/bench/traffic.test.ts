import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalogue } from '../../bench/lib/catalogue.js';
import { loadTraffic } from '../../bench/lib/traffic.js';

const WORDS =
  'red blue steel wooden small large desk chair lamp shelf mat rug pot pan kettle'.split(' ');
const CATALOGUE: Catalogue = {
  name: 'test',
  products: Array.from({ length: 3000 }, (_, i) => ({
    id: String(i),
    title: Array.from({ length: 5 }, (_, j) => WORDS[(i * (j + 3) + j * j) % WORDS.length]).join(
      ' ',
    ),
    category: 'Home',
    line: '',
  })),
};

describe('traffic', () => {
  let folder = '';
  let log = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'omnisearch-traffic-'));
    log = join(folder, 'log.tsv');
    await writeFile(log, 'query\tpopularity\nlaptop\t600\nmouse\t300\nkeyboard\t100\n');
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('draws known queries by popularity and the asked share of new ones', async () => {
    const traffic = await loadTraffic(CATALOGUE, 1, log);
    const drawn = Array.from({ length: 5000 }, () => traffic.next(0.2));
    const share = (query: string): number => drawn.filter((q) => q === query).length / drawn.length;
    // Standard deviations are below 0.8 %.
    expect(Math.abs(share('laptop') - 0.48)).toBeLessThan(0.03);
    expect(Math.abs(share('mouse') - 0.24)).toBeLessThan(0.03);
    expect(Math.abs(share('keyboard') - 0.08)).toBeLessThan(0.03);
  });

  it('never gives a new query twice, nor one that the log holds', async () => {
    const traffic = await loadTraffic(CATALOGUE, 1, log);
    const fresh = Array.from({ length: 3000 }, () => traffic.next(1).toLowerCase());
    expect(new Set([...fresh, 'laptop', 'mouse', 'keyboard']).size).toBe(3003);
  });

  it('is the same for the same seed', async () => {
    const draw = async (seed: number): Promise<string[]> => {
      const traffic = await loadTraffic(CATALOGUE, seed, log);
      return Array.from({ length: 200 }, () => traffic.next(0.2));
    };
    expect(await draw(5)).toEqual(await draw(5));
    expect(await draw(5)).not.toEqual(await draw(6));
  });
});
