import { entryOf } from '../core/price-entries.js';
import { catalogueFeed } from '../store/catalogue-pages.js';
import type { PriceWrite, Store } from '../store/store.js';
import type { PriceLists } from '../tenancy/price-lists.js';
import type { AuditLog } from '../tenancy/audit-log.js';
import type { JobKind } from './job.js';
import type { JobRunner } from './job-runner.js';

/** The job that takes the prices of removed lists out of a tenant's products: its key is the tenant. */
export const SWEEP_PRICES = 'prices of removed lists';

export interface SweepDeps {
  store: Store;
  priceLists: Pick<PriceLists, 'gone' | 'swept'>;
}

/** Price lists as callers see them; `remove` takes one out at once for searches, by a job from the products. */
export function priceListDesk(
  priceLists: Pick<PriceLists, 'list' | 'remove'>,
  audit: Pick<AuditLog, 'note'>,
  jobs: Pick<JobRunner, 'request'>,
) {
  return {
    list: (...asked: Parameters<PriceLists['list']>) => priceLists.list(...asked),
    remove: async (tenant: string, name: string, by: string | null): Promise<void> => {
      const change = { by, kind: 'price list', target: name, before: { name }, after: undefined };
      await audit.note(tenant, change);
      await priceLists.remove(tenant, name);
      await jobs.request(SWEEP_PRICES, tenant);
    },
  };
}

/** Nobody asks for such a list any more: its prices only take room. Begun again, it goes on with what is left. */
export function sweepPrices({ store, priceLists }: SweepDeps): JobKind {
  return {
    run: async ({ key: tenant, signal }) => {
      const gone = await priceLists.gone(tenant);
      if (gone.length === 0) return;
      for await (const { entries } of catalogueFeed(store, tenant)) {
        const ids = entries.filter(({ deleted }) => !deleted).map(({ id }) => id);
        const found = await store.prices(tenant, ids);
        const writes = ids.flatMap((id, i) => {
          const prices = found[i]?.prices;
          if (prices === undefined) return [];
          const left = gone.filter((list) => entryOf(prices, list) !== undefined);
          return left.map((list): PriceWrite => ({ op: 'price', id, list, entry: undefined }));
        });
        for (let at = 0; at < writes.length; at += store.writesAtOnce) {
          signal.throwIfAborted();
          await store.write(tenant, writes.slice(at, at + store.writesAtOnce));
        }
      }
      await priceLists.swept(tenant, gone);
    },
  };
}
