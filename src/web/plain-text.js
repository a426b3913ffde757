// @ts-check

/** Elements that begin a new line. */
const BLOCKS =
  'address,article,blockquote,br,dd,div,dl,dt,h1,h2,h3,h4,h5,h6,hr,li,ol,p,pre,section,table,tr,ul';
/** What is not for reading. */
const UNREAD = 'head,iframe,noscript,object,script,style,template';
const MARKUP = /<\/?[a-z][^>]*>|&(#\d+|#x[\da-f]+|[a-z]+\d*);/i;

/**
 * A description as a reader should see it: without its markup, if it has any. What the parser makes is
 * never part of the page: nothing of it is loaded or runs.
 *
 * @param {string} text
 * @returns {string}
 */
export function plainText(text) {
  if (!MARKUP.test(text)) return text;
  const { body } = new DOMParser().parseFromString(text, 'text/html');
  for (const unread of body.querySelectorAll(UNREAD)) unread.remove();
  for (const block of body.querySelectorAll(BLOCKS)) block.before('\n');
  const lines = (body.textContent ?? '')
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim());
  return lines.filter((line) => line !== '').join('\n');
}
