// @ts-check
import { button, byId, element } from './dom.js';

/** @typedef {import('./wire.js').SearchReply} SearchReply */
/** @typedef {import('./wire.js').Understood} Understood */

const PRICE_SIGNS = { lt: 'below', lte: 'up to', gt: 'above', gte: 'from', eq: 'exactly' };

/** How the shop read the query: what it corrected, what became a filter, and the ways back. */
export class Understanding {
  /**
   * @param {object} handlers
   * @param {(query: string) => void} handlers.onQuery another text is to be searched for
   * @param {(literal: boolean) => void} handlers.onLiteral whether words are to be taken as they are
   */
  constructor({ onQuery, onLiteral }) {
    this.root = byId('understanding', HTMLElement);
    this.onQuery = onQuery;
    this.onLiteral = onLiteral;
  }

  /** @param {SearchReply} reply @param {{ literal: boolean }} asked */
  show({ rewritten, did_you_mean, understood }, { literal }) {
    const lines = [
      ...(rewritten ? [this.corrected(rewritten)] : []),
      ...(did_you_mean?.length ? [this.meant(did_you_mean)] : []),
      ...(understood?.length ? [this.understood(understood)] : []),
      ...(literal ? [this.literal()] : []),
    ];
    this.root.replaceChildren(...lines);
    this.root.hidden = lines.length === 0;
  }

  hide() {
    this.root.hidden = true;
  }

  /** @param {{ from: string, to: string }} rewritten */
  corrected({ from, to }) {
    const back = button('link', from, () => this.onQuery(asTyped(from, to)));
    const showing = ['Showing results for ', element('b', '', to), '.'];
    return element('p', 'read-line', ...showing, ' Search instead for ', back, '.');
  }

  /** @param {readonly string[]} texts */
  meant(texts) {
    const links = texts.flatMap((text, at) => [
      at === 0 ? '' : ' or ',
      button('link', text, () => this.onQuery(text)),
    ]);
    return element('p', 'read-line', 'Did you mean ', ...links, '?');
  }

  /** @param {readonly Understood[]} parts */
  understood(parts) {
    const chips = parts.map((part) => {
      const chip = button('chip', part.text, () => this.onLiteral(true));
      chip.setAttribute('aria-pressed', 'true');
      chip.title = 'Search for these words as they are';
      const meaning = meaningOf(part);
      if (meaning !== undefined) chip.append(' ', element('span', 'chip-count', meaning));
      chip.append(' ', element('span', 'chip-off', '×'));
      return chip;
    });
    const line = element('div', 'read-line', 'Understood', ...chips);
    line.setAttribute('role', 'group');
    line.setAttribute('aria-label', 'Understood from your words');
    return line;
  }

  literal() {
    const again = button('link', 'Read prices and exclusions from them', () =>
      this.onLiteral(false),
    );
    return element('p', 'read-line', 'Your words are searched for as they are. ', again, '.');
  }
}

/**
 * The text as it was typed, so that nothing stands in the place of what was corrected: in quotes.
 *
 * @param {string} from
 * @param {string} to
 * @returns {string}
 */
export function asTyped(from, to) {
  const kept = new Set(to.toLowerCase().split(/\s+/));
  return from
    .split(/\s+/)
    .map((word) => (kept.has(word.toLowerCase()) || word.includes('"') ? word : `"${word}"`))
    .join(' ');
}

/** @param {Understood} part @returns {string | undefined} what became of it, in a few words */
function meaningOf({ filter, sort }) {
  if (sort !== undefined) return 'sorts';
  if (filter === undefined) return 'left out';
  const { price } = filter;
  if (typeof price !== 'object' || price === null) return undefined;
  const bounds = Object.entries(price).map(([sign, value]) => {
    const word = /** @type {Record<string, string>} */ (PRICE_SIGNS)[sign] ?? sign;
    return `${word} ${String(value)}`;
  });
  return `price ${bounds.join(', ')}`;
}
