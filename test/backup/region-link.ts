import { productsPageOf } from '../../src/backup/region/region-lines.js';
import { RegionSource } from '../../src/backup/region/region-source.js';
import { OmniError } from '../../src/core/errors.js';
import type { Place } from './place.js';

/** What the primary says, as it comes over the wire; breaks when it is told to. */
export class Link {
  /** Pages of products that still come; then nothing does. */
  pagesLeft = Infinity;
  /** That came. */
  rows = 0;
  private readonly source: RegionSource;

  constructor(place: Place) {
    this.source = new RegionSource(place.store);
  }

  async changes(...asked: Parameters<RegionSource['changes']>) {
    if (this.pagesLeft === 0) throw new OmniError('unavailable', 'cut');
    return this.source.changes(...asked);
  }

  async records(...asked: Parameters<RegionSource['records']>) {
    return this.source.records(...asked);
  }

  async products(...asked: Parameters<RegionSource['products']>) {
    if (this.pagesLeft === 0) throw new OmniError('unavailable', 'cut');
    this.pagesLeft -= 1;
    const page = productsPageOf((await this.source.products(...asked)).join('\n'));
    this.rows += page.rows.length;
    return page;
  }
}
