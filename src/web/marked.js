// @ts-check
import { element } from './dom.js';

/** @type {Readonly<Record<string, string>>} */
const SIGNS = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };

/**
 * A highlighted text of the API (HTML that knows `<mark>` and nothing else) as nodes. Only its marks
 * become elements: whatever else it holds stays text.
 *
 * @param {string} html
 * @returns {(string | HTMLElement)[]}
 */
export function markedText(html) {
  const parts = html.split(/(<mark>.*?<\/mark>)/s).filter((part) => part !== '');
  return parts.map((part) => {
    const marked = /^<mark>(.*)<\/mark>$/s.exec(part);
    return marked === null ? unescaped(part) : element('mark', '', unescaped(marked[1] ?? ''));
  });
}

/** @param {string} html @returns {string} */
function unescaped(html) {
  return html.replace(/&(?:amp|lt|gt|quot|#39);/g, (sign) => SIGNS[sign] ?? sign);
}
