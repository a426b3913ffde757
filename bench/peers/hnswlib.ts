import { join } from 'node:path';
import { packageVersion } from '../lib/machine.js';
import { REPOSITORY } from '../lib/paths.js';
import { buildHnsw, searchHnsw } from '../lib/raw-hnsw.js';
import { categoryName, rowsOfCategory } from '../lib/synthetic.js';
import type { PeerEngine } from './engine.js';

/** hnswlib-node in this process: no server, no store, no documents. What the rest adds to. */
export const hnswlib: PeerEngine = {
  name: 'hnswlib (in process)',
  missing: () => undefined,
  start() {
    const indexes = new Map<number, Awaited<ReturnType<typeof buildHnsw>>>();
    const WHOLE = -1;
    return Promise.resolve({
      version: packageVersion(join(REPOSITORY, 'node_modules', 'hnswlib-node')),
      settings: 'M 16, efConstruction 200, one index over all and one a category; nothing on disk',
      efforts: [16, 24, 32, 48, 64, 96, 128, 192],
      setEffort: (effort: number) => {
        for (const index of indexes.values()) index.setEf(effort);
        return Promise.resolve();
      },
      async load({ base }) {
        indexes.set(WHOLE, await buildHnsw(base, 'hnswlib'));
        for (const category of new Set(base.categories)) {
          const rows = rowsOfCategory(base, category);
          indexes.set(category, await buildHnsw(base, `hnswlib, ${categoryName(category)}`, rows));
        }
      },
      search({ vector, k, category }) {
        const index = indexes.get(category ?? WHOLE);
        if (index === undefined) throw new Error('no index for this category');
        return Promise.resolve(searchHnsw(index, vector, Math.min(k, index.getCurrentCount())));
      },
      processes: () => [],
      close: () => Promise.resolve(),
    });
  },
};
