// @ts-check
/**
 * Entries of the browser's history. An open dialog has one of its own, so that Back closes it, as on a
 * phone it should, and nothing else. Closed in another way, its entry is left over: the next address
 * takes it, and Back passes over it.
 */
export class PageHistory {
  constructor() {
    /** The newest entry has the address of the one below it. */
    this.isDoubled = false;
  }

  /** @param {string} address */
  push(address) {
    if (this.isDoubled) history.replaceState(null, '', address);
    else history.pushState(null, '', address);
    this.isDoubled = false;
  }

  /** @param {string} address */
  replace(address) {
    history.replaceState(null, '', address);
    this.isDoubled = false;
  }

  /** A dialog opens over the current address. */
  pushDialog() {
    if (!this.isDoubled) history.pushState(null, '');
    this.isDoubled = true;
  }

  /**
   * What a step back means.
   *
   * @param {HTMLDialogElement} dialog
   * @returns {boolean} whether the address is another one now
   */
  stepped(dialog) {
    const wasDoubled = this.isDoubled;
    this.isDoubled = false;
    if (dialog.open) dialog.close();
    else if (wasDoubled) history.back();
    else return true;
    return false;
  }
}
