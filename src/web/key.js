// @ts-check
import { byId } from './dom.js';

const STORED = 'omnisearch-key';

/** @type {Promise<boolean> | undefined} */
let asking;
/** Who said no once is not asked at every letter typed. */
let declined = false;

/** @returns {string | undefined} the key of this tab, if the shop asked for one */
export function storedKey() {
  try {
    return sessionStorage.getItem(STORED) ?? undefined;
  } catch {
    // Storage can be forbidden; then the key lives as long as nothing is asked.
    return undefined;
  }
}

/**
 * Asks for a key, one dialog for all requests that were refused.
 *
 * @param {string | undefined} refused the key that was not taken
 * @returns {Promise<boolean>} whether there is another one to try
 */
export async function askForKey(refused) {
  if (storedKey() !== refused) return true;
  if (declined) return false;
  asking ??= ask(refused !== undefined).finally(() => (asking = undefined));
  return asking;
}

/** @param {boolean} wasWrong @returns {Promise<boolean>} */
function ask(wasWrong) {
  const dialog = byId('key', HTMLDialogElement);
  const field = byId('key-field', HTMLInputElement);
  byId('key-wrong', HTMLElement).hidden = !wasWrong;
  field.value = '';
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener(
      'close',
      () => {
        const key = field.value.trim();
        declined = dialog.returnValue !== 'use' || key === '';
        if (!declined) sessionStorage.setItem(STORED, key);
        resolve(!declined);
      },
      { once: true },
    );
  });
}
