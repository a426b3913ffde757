// @ts-check
import { button, byId, element } from './dom.js';
import { EmptyState } from './empty-state.js';
import { hitCard } from './hit-card.js';
import { errorText, missingText } from './messages.js';
import { drawSay } from './shop-says.js';
import { traceOf } from './trace.js';
import { Understanding } from './understanding.js';

/** @typedef {import('./wire.js').Hit} Hit */
/** @typedef {import('./empty-state.js').Asked} Asked */
/** @typedef {import('./wire.js').SearchReply} SearchReply */

/** Cards whose pictures are fetched at once: about what a first screen shows. */
const EAGER_CARDS = 8;

/** The list: count, how the query was read, notices, cards, and how the search ran. */
export class Results {
  /**
   * @param {object} handlers
   * @param {(id: string) => string} handlers.addressOf of a product
   * @param {(hit: Hit) => void} handlers.onOpen
   * @param {() => void} handlers.onRetry
   * @param {(query: string) => void} handlers.onQuery
   * @param {(literal: boolean) => void} handlers.onLiteral
   * @param {() => void} handlers.onClearFilters
   */
  constructor(handlers) {
    this.handlers = handlers;
    this.understanding = new Understanding(handlers);
    this.empty = new EmptyState({
      onClearFilters: handlers.onClearFilters,
      onLiteral: () => handlers.onLiteral(true),
      onStart: () => handlers.onQuery(''),
    });
    this.count = byId('count', HTMLElement);
    this.trace = byId('trace', HTMLElement);
    this.notice = byId('notice', HTMLElement);
    this.says = byId('says', HTMLElement);
    this.grid = byId('results', HTMLElement);
    this.near = byId('near', HTMLElement);
    this.nearGrid = byId('near-results', HTMLElement);
  }

  /** The shown hits stay, dimmed by the style sheet after a moment. */
  showBusy() {
    this.grid.setAttribute('aria-busy', 'true');
  }

  /** @param {number} waitMs */
  showRetry(waitMs) {
    const seconds = Math.max(1, Math.round(waitMs / 1_000));
    this.setNotice('busy', `The shop is very busy. Trying again in ${seconds} s…`);
  }

  /**
   * @param {SearchReply} reply
   * @param {object} options
   * @param {string} options.count
   * @param {Omit<Asked, 'isUnderstood'> & { literal: boolean }} options.asked
   */
  showReply(reply, { count, asked }) {
    const { hits, partial, understood = [] } = reply;
    this.grid.setAttribute('aria-busy', 'false');
    const found = hits.filter(({ widened }) => widened !== true);
    const near = hits.filter(({ widened }) => widened === true);
    this.grid.replaceChildren(...this.cards(found));
    this.nearGrid.replaceChildren(...this.cards(near));
    this.near.hidden = near.length === 0;
    this.count.textContent = count;
    this.trace.replaceChildren(...traceOf(reply));
    this.trace.hidden = false;
    this.understanding.show(reply, asked);
    drawSay(this.says, reply);
    if (partial !== null) this.setNotice('partial', missingText(partial));
    else this.notice.hidden = true;
    // What is missing may have fitted.
    if (found.length > 0 || partial !== null) this.empty.hide();
    else this.empty.show({ ...asked, isUnderstood: understood.length > 0 });
  }

  /** @param {readonly Hit[]} hits */
  cards(hits) {
    const { addressOf, onOpen } = this.handlers;
    return hits.map((hit, at) =>
      hitCard(hit, { eager: at < EAGER_CARDS, address: addressOf(hit.id), onOpen }),
    );
  }

  /** Back from a product, the keyboard is where it was. @param {string} id */
  focusCard(id) {
    const cards = /** @type {NodeListOf<HTMLAnchorElement>} */ (
      document.querySelectorAll('#shop .card-open')
    );
    const wanted = [...cards].find((card) => new URL(card.href).searchParams.get('product') === id);
    wanted?.focus({ preventScroll: true });
  }

  /** @param {unknown} error */
  showError(error) {
    const { text, detail, canRetry } = errorText(error);
    this.grid.setAttribute('aria-busy', 'false');
    this.grid.replaceChildren();
    this.near.hidden = true;
    this.count.textContent = '';
    this.trace.hidden = true;
    this.says.hidden = true;
    this.understanding.hide();
    this.empty.hide();
    this.setNotice('error', text, element('span', 'notice-detail', detail));
    if (canRetry) this.notice.append(button('quiet', 'Try again', this.handlers.onRetry));
  }

  /** @param {string} kind @param {...(string | Node)} content */
  setNotice(kind, ...content) {
    this.notice.className = `notice notice-${kind}`;
    const [first = '', ...rest] = content;
    this.notice.replaceChildren(element('span', 'notice-text', first), ...rest);
    this.notice.hidden = false;
  }
}
