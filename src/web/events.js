// @ts-check
import { Extra, shop } from './shop.js';

/** @typedef {import('./wire.js').Hit} Hit */

const route = new Extra();

/**
 * Tells the shop that a product of an answer was opened. Nothing waits for it, and nothing is said when it fails.
 *
 * @param {{ queryId: string | undefined, id: string, position: number, tenant: string | undefined }} click
 */
export function sendClick({ queryId, id, position, tenant }) {
  if (queryId === undefined) return;
  const event = { type: /** @type {const} */ ('click'), query_id: queryId, id, position };
  void route.get(() => shop.sendEvent(event, { tenant }));
}
