// @ts-check
import { button, byId, element } from './dom.js';
import { EmptyState } from './empty-state.js';
import { hitCard } from './hit-card.js';
import { errorText, missingText } from './messages.js';
import { traceOf } from './trace.js';
import { Understanding } from './understanding.js';

/** @typedef {import('./wire.js').Hit} Hit */
/** @typedef {import('./empty-state.js').Asked} Asked */
/** @typedef {import('./wire.js').SearchReply} SearchReply */

/** Cards whose pictures are fetched at once: about what a first screen shows. */
const EAGER_CARDS = 8;

/** The lower part of the page: count, trace, how the query was read, notice, cards. */
export class Results {
  /**
   * @param {object} handlers
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
    this.grid = byId('results', HTMLElement);
    this.more = byId('more', HTMLButtonElement);
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
   * @param {string | undefined} options.heading
   * @param {boolean} options.hasMore
   * @param {Omit<Asked, 'isUnderstood'> & { literal: boolean }} options.asked
   */
  showReply(reply, { heading, hasMore, asked }) {
    const { hits, partial, understood = [] } = reply;
    this.grid.setAttribute('aria-busy', 'false');
    const { onOpen } = this.handlers;
    const cards = hits.map((hit, at) => hitCard(hit, { eager: at < EAGER_CARDS, onOpen }));
    this.grid.replaceChildren(...cards);
    this.count.textContent = heading ?? countText(hits.length);
    this.trace.replaceChildren(...traceOf(reply));
    this.trace.hidden = false;
    this.more.hidden = !hasMore;
    this.understanding.show(reply, asked);
    if (partial !== null) this.setNotice('partial', missingText(partial.missing));
    else this.notice.hidden = true;
    // What is missing may have fitted.
    if (hits.length > 0 || partial !== null) this.empty.hide();
    else this.empty.show({ ...asked, isUnderstood: understood.length > 0 });
  }

  /** @param {unknown} error */
  showError(error) {
    const { text, detail, canRetry } = errorText(error);
    this.grid.setAttribute('aria-busy', 'false');
    this.grid.replaceChildren();
    this.count.textContent = '';
    this.trace.hidden = true;
    this.more.hidden = true;
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

/** @param {number} shown @returns {string} */
function countText(shown) {
  if (shown === 0) return 'Nothing found';
  return shown === 1 ? '1 product' : `${shown} best matches`;
}
