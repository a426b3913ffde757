// @ts-check
import { button, byId, element } from '../dom.js';
import { shop } from '../shop.js';
import { attempt } from './notice.js';
import { decimal, percent, table } from './table.js';

/** @typedef {import('../../client/wire.js').Analytics} Analytics */

const DAYS = [7, 30, 90];
const LISTED = 50;

/** The figures of the shop's searches, the top queries and those that found nothing. */
export class FiguresPart {
  /**
   * @param {string | undefined} tenant
   * @param {{ onRule: (query: string) => void, onSynonym: (word: string) => void }} handlers
   */
  constructor(tenant, handlers) {
    this.tenant = tenant;
    this.handlers = handlers;
    this.body = byId('figures-body', HTMLElement);
    this.days = byId('days', HTMLSelectElement);
    for (const days of DAYS) {
      const option = element('option', '', `${days} days`);
      option.value = String(days);
      option.selected = days === 30;
      this.days.append(option);
    }
    this.days.addEventListener('change', () => void this.load());
  }

  async load() {
    const options = { tenant: this.tenant, days: Number(this.days.value), limit: LISTED };
    const figures = await attempt(() => shop.analytics(options), 'figures of searches');
    if (figures !== undefined) this.draw(figures);
  }

  /** @param {Analytics} figures */
  draw(figures) {
    const { searches, no_result_rate, click_through_rate, top_queries, no_result_queries } =
      figures;
    const cards = [
      ['Searches', searches.toLocaleString()],
      ['Without a result', percent(no_result_rate)],
      ['Followed by a click', percent(click_through_rate)],
      ['Average click position', decimal(figures.average_click_position)],
      ['Followed by a purchase', percent(figures.conversion_rate)],
    ].map(([name = '', value = '']) =>
      element('div', 'figure', element('dt', '', name), element('dd', '', value)),
    );
    const top = top_queries.map((query) => [
      query.text,
      query.count.toLocaleString(),
      percent(query.click_through_rate),
      decimal(query.average_click_position),
      percent(query.conversion_rate),
      button('link', 'Make a rule', () => this.handlers.onRule(query.text)),
    ]);
    const without = no_result_queries.map(({ text, count }) => [
      text,
      count.toLocaleString(),
      button('link', 'Add a synonym', () => this.handlers.onSynonym(text)),
    ]);
    this.body.replaceChildren(
      element('dl', 'figure-row', ...cards),
      element(
        'div',
        'figure-tables',
        table('Top queries', ['Query', 'Searches', 'Clicked', 'Position', 'Bought', ''], top),
        table('Queries that found nothing', ['Query', 'Searches', ''], without),
      ),
    );
  }
}
