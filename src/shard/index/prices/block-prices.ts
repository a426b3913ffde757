import { listedField, type ListedField } from '../../../query/listed-field.js';
import type { Column } from '../column.js';
import type { Run } from '../columns/build-column.js';
import { PriceColumns } from './price-columns.js';
import { RowPrices } from './row-prices.js';

/** What price lists say of a block's rows, and the columns that come of it. */
export class BlockPrices extends RowPrices {
  /** Made when a search first names a list. */
  private made: PriceColumns | undefined;

  /** @param rowCount rows for whose columns there is room in memory */
  constructor(private readonly rowCount: number) {
    super();
  }

  override get bytes(): number {
    return super.bytes + (this.made?.bytes ?? 0);
  }

  /** The list's field that a name asks for; undefined: it is the product's own, or no list says anything here. */
  listed(name: string): ListedField | undefined {
    return this.isEmpty ? undefined : listedField(name);
  }

  /** Without a wait; undefined where it is to be made first. */
  ready(listed: ListedField, runs: readonly Run[]): Column | undefined {
    return this.columns.ready(listed, runs);
  }

  /** @param own the product's own values, of the same runs */
  column(listed: ListedField, runs: readonly Run[], own: Column): Promise<Column> {
    return this.columns.column(listed, runs, own);
  }

  private get columns(): PriceColumns {
    return (this.made ??= new PriceColumns(this, this.rowCount));
  }
}
