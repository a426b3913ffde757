import { GOOGLE_LAYOUT, isGoogleHeader } from './google-layout.js';
import { OWN_LAYOUT, type Layout } from './layout.js';
import { isShopifyHeader } from './shopify-columns.js';
import { ShopifyLayout } from './shopify-layout.js';

/** What a table is, by its header alone: nobody should have to know how a file of theirs is called. */
export function layoutOf(header: readonly string[]): Layout {
  if (isShopifyHeader(header)) return new ShopifyLayout(header);
  return isGoogleHeader(header) ? GOOGLE_LAYOUT : OWN_LAYOUT;
}
