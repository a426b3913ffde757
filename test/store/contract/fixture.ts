import type { Store, StoreReader } from '../../../src/store/store.js';

/** One empty store for one test, and other ways into it. `close` closes all of them. */
export interface StoreFixture {
  store: Store;
  /** A reader beside the store, as a shard process has it. */
  openReader: () => Promise<StoreReader>;
  /** A writer beside the store, as another process has it. */
  secondWriter: () => Promise<Store>;
  close: () => Promise<void>;
}

/** How a part of the suite gets at the store of the running test. */
export type UseFixture = () => StoreFixture;

/** Repeats `check` until it is true: for stores whose feed shows a write a little later. */
export async function eventually(what: string, check: () => Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 10_000;
  while (!(await check())) {
    if (performance.now() > giveUpAt) throw new Error(`it never came to be that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
