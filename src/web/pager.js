// @ts-check
import { element } from './dom.js';

/** Page numbers beside the current one. */
const BESIDE = 2;

/** Links to the other pages of a list, each an address of its own. */
export class Pager {
  /**
   * @param {HTMLElement} root
   * @param {{ addressOf: (page: number) => string, onPage: (page: number) => void }} handlers
   */
  constructor(root, { addressOf, onPage }) {
    this.root = root;
    this.addressOf = addressOf;
    this.onPage = onPage;
  }

  /** @param {number} page @param {number} pages */
  show(page, pages) {
    this.root.hidden = pages <= 1;
    if (pages <= 1) return this.root.replaceChildren();
    const items = numbersOf(page, pages).map((number) =>
      number === undefined
        ? element('span', 'pager-gap', '…')
        : this.link(number, String(number), number === page),
    );
    this.root.replaceChildren(
      ...(page > 1 ? [this.link(page - 1, 'Previous', false)] : []),
      ...items,
      ...(page < pages ? [this.link(page + 1, 'Next', false)] : []),
    );
  }

  /** @param {number} page @param {string} text @param {boolean} isHere */
  link(page, text, isHere) {
    const link = element('a', 'pager-link', text);
    link.href = this.addressOf(page);
    link.setAttribute('aria-label', text === String(page) ? `Page ${text}` : `${text} page`);
    if (isHere) link.setAttribute('aria-current', 'page');
    link.addEventListener('click', (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      this.onPage(page);
    });
    return link;
  }
}

/** @param {number} page @param {number} pages @returns {(number | undefined)[]} undefined: some are left out */
export function numbersOf(page, pages) {
  const near = [page - BESIDE, page - 1, page, page + 1, page + BESIDE];
  const shown = [...new Set([1, ...near, pages])]
    .filter((number) => number >= 1 && number <= pages)
    .sort((a, b) => a - b);
  return shown.flatMap((number, at) => {
    const before = shown[at - 1] ?? number - 1;
    if (number - before === 2) return [number - 1, number];
    return number - before > 2 ? [undefined, number] : [number];
  });
}
