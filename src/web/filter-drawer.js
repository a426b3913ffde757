// @ts-check
import { byId } from './dom.js';

/** Narrower than this there is no room for the filters beside the results. */
const NARROW = '(max-width: 860px)';

/** On a phone the filters are behind a button, in a dialog of their own. */
export class FilterDrawer {
  constructor() {
    this.open = byId('open-filters', HTMLButtonElement);
    this.dialog = byId('drawer', HTMLDialogElement);
    this.done = byId('close-filters', HTMLButtonElement);
    const panel = byId('facets', HTMLElement);
    const aside = byId('aside', HTMLElement);
    const body = byId('drawer-body', HTMLElement);
    this.open.addEventListener('click', () => this.dialog.showModal());
    this.done.addEventListener('click', () => this.dialog.close());
    // The dialog's content covers it, so a click on it is a click beside its content.
    this.dialog.addEventListener('click', ({ target }) => {
      if (target === this.dialog) this.dialog.close();
    });
    const narrow = matchMedia(NARROW);
    const place = () => {
      if (!narrow.matches) this.dialog.close();
      (narrow.matches ? body : aside).append(panel);
    };
    narrow.addEventListener('change', place);
    place();
  }

  /** @param {number} count filters that are on */
  showChosen(count) {
    this.open.textContent = count === 0 ? 'Filters' : `Filters (${count})`;
  }

  /** @param {number} total */
  showTotal(total) {
    this.done.textContent = `Show ${total.toLocaleString()} ${total === 1 ? 'product' : 'products'}`;
  }
}
