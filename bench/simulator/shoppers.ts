import { planSearch } from '../../src/search/plan.js';
import { partitionRows } from '../../src/placement/balance.js';
import { groupOf } from '../../src/store/partition-map.js';
import type { TenantPlacement } from '../../src/store/store.js';
import { Random } from '../lib/random.js';
import type { MemoryPlacements } from './memory-placements.js';
import type { Question } from './query-node.js';
import type { Shop } from './tenant-mix.js';

/** A shop of a hundred times the products has about 25 times the searches. */
const POPULARITY = 0.7;
/** Texts that the shoppers of one shop type, and how much rarer each is than the one before. */
const TEXTS = 2_000;
const TEXT_SKEW = 0.8;

interface PlacedShop extends Shop {
  placement: TenantPlacement;
}

/** The shoppers of all shops: which one searches next, what for, and in which category. */
export class Shoppers {
  private readonly shopEnds: number[] = [];
  private readonly textEnds: number[] = [];
  private readonly rows = new Map<string, number>();

  /** @param categoryShare of the searches that look in one category */
  private constructor(
    private readonly shops: readonly PlacedShop[],
    private readonly categoryShare: number,
    private readonly random: Random,
  ) {
    let sum = 0;
    for (const { products } of shops) this.shopEnds.push((sum += products ** POPULARITY));
    sum = 0;
    for (let i = 0; i < TEXTS; i++) this.textEnds.push((sum += (i + 1) ** -TEXT_SKEW));
    for (const shop of shops) this.countRows(shop);
  }

  static async of(
    shops: readonly Shop[],
    store: MemoryPlacements,
    { categoryShare, seed }: { categoryShare: number; seed: number },
  ): Promise<Shoppers> {
    const placed: PlacedShop[] = [];
    for (const shop of shops) {
      placed.push({ ...shop, placement: await store.placement(shop.tenant) });
    }
    return new Shoppers(placed, categoryShare, new Random(seed, 'shoppers'));
  }

  readonly next = (): Question => {
    const { random, shops } = this;
    const { tenant, placement, categories } = shops[
      pick(this.shopEnds, random.next())
    ] as PlacedShop;
    const text = `text${pick(this.textEnds, random.next())}`;
    const isOfOne = random.next() < this.categoryShare;
    const category = isOfOne ? categories[random.below(categories.length)]?.category : undefined;
    return {
      ...{ tenant, placement, text },
      ...(category === undefined ? {} : { categories: [category] }),
    };
  };

  /** Rows of the tenant on each node of a group. */
  readonly rowsOf = (tenant: string, group: string): number =>
    this.rows.get(`${tenant} ${group}`) ?? 0;

  /** Groups of nodes that a search in all categories asks, on average over searches. */
  get meanFanOut(): number {
    let before = 0;
    let sum = 0;
    this.shops.forEach(({ placement }, i) => {
      const end = this.shopEnds[i] ?? 0;
      sum += (end - before) * planSearch(placement, undefined).targets.length;
      before = end;
    });
    return sum / (this.shopEnds.at(-1) ?? 1);
  }

  private countRows({ tenant, placement, categories }: PlacedShop): void {
    const rows = partitionRows(placement.partitions, categories);
    placement.partitions.forEach((partition, i) => {
      const key = `${tenant} ${groupOf(partition).key}`;
      this.rows.set(key, (this.rows.get(key) ?? 0) + (rows[i] ?? 0));
    });
  }
}

/** The first of `ends`, cumulative weights, that exceeds `share` of them all. */
function pick(ends: readonly number[], share: number): number {
  const point = share * (ends.at(-1) ?? 0);
  let [low, high] = [0, ends.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle] ?? 0) > point) high = middle;
    else low = middle + 1;
  }
  return low;
}
