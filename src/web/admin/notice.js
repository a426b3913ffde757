// @ts-check
import { OmniSearchError } from '../../client/omnisearch.js';
import { byId, element } from '../dom.js';
import { errorText } from '../messages.js';
import { withKey } from '../shop.js';

/** @param {'good' | 'error'} kind @param {...(string | Node)} content */
export function tell(kind, ...content) {
  const notice = byId('notice', HTMLElement);
  notice.className = kind === 'error' ? 'notice notice-error' : 'notice notice-good';
  notice.replaceChildren(...content);
  notice.hidden = false;
}

/**
 * What the shop answers; what went wrong is told, and what may help.
 *
 * @template T
 * @param {() => Promise<T>} call
 * @param {string} what is asked for, to name it where the server lacks it
 * @returns {Promise<T | undefined>} undefined where it failed
 */
export async function attempt(call, what) {
  try {
    return await withKey(call);
  } catch (error) {
    tell('error', ...explained(error, what));
    return undefined;
  }
}

/** @param {unknown} error @param {string} what @returns {(string | Node)[]} */
function explained(error, what) {
  const { text, detail } = errorText(error);
  if (!(error instanceof OmniSearchError)) return [text, ' ', detail];
  if (error.status === 400) {
    const field = error.field === undefined ? '' : `${error.field}: `;
    return [element('span', 'notice-text', `${field}${error.message}`)];
  }
  if (error.status === 404) {
    return [element('span', 'notice-text', `This server has no ${what}, or no such shop.`)];
  }
  return [element('span', 'notice-text', text), ' ', element('span', 'notice-detail', detail)];
}
