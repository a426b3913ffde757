import { afterEach, beforeEach, describe } from 'vitest';
import { countsContract } from './contract/counts.js';
import { feedContract, purgeContract } from './contract/feed.js';
import type { StoreFixture } from './contract/fixture.js';
import { importsContract } from './contract/imports.js';
import { leasesContract } from './contract/leases.js';
import { modelContract } from './contract/model.js';
import { placementContract } from './contract/placement.js';
import { feedVersionContract, readingContract, writingContract } from './contract/products.js';
import { recordsContract } from './contract/records.js';
import { roomContract } from './contract/room.js';
import { spoolContract } from './contract/spool.js';
import { tenantsContract } from './contract/tenants.js';
import { writersContract } from './contract/writers.js';

/**
 * What every implementation of `Store` must do: all that `src/store/store.ts` promises, and nothing
 * else. `makeStore` gives an empty store a test.
 */
export function storeContract(
  name: string,
  makeStore: () => Promise<StoreFixture>,
  modelRuns = 60,
): void {
  describe(`store contract: ${name}`, () => {
    let fixture: StoreFixture | undefined;
    beforeEach(async () => {
      fixture = await makeStore();
    });
    afterEach(async () => {
      await fixture?.close();
      fixture = undefined;
    });
    const use = (): StoreFixture => {
      if (fixture === undefined) throw new Error('no store outside of a test');
      return fixture;
    };
    readingContract(use);
    writingContract(use);
    feedVersionContract(use);
    countsContract(use);
    feedContract(use);
    purgeContract(use);
    placementContract(use);
    tenantsContract(use);
    recordsContract(use);
    leasesContract(use);
    roomContract(use);
    spoolContract(use);
    importsContract(use);
    writersContract(use);
    modelContract(use, modelRuns);
  });
}
