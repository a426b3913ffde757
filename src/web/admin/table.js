// @ts-check
import { element } from '../dom.js';

/**
 * A table with a heading; the first cell of each row names it, text in the others is for numbers.
 *
 * @param {string} title
 * @param {readonly string[]} columns
 * @param {readonly (string | Node)[][]} rows
 */
export function table(title, columns, rows) {
  const heading = element('h2', '', title);
  if (rows.length === 0) {
    return element('section', '', heading, element('p', 'none', 'None yet.'));
  }
  const head = columns.map((name, at) => {
    const cell = columnHead(name, at > 0 && isNumber(rows[0]?.[at]) ? 'number' : '');
    if (name === '') cell.append(element('span', 'hidden', 'What to do'));
    return cell;
  });
  const lines = rows.map((row) => {
    const [first = '', ...rest] = row;
    const name = element('th', '', first);
    name.scope = 'row';
    const cells = rest.map((cell) => element('td', isNumber(cell) ? 'number' : '', cell));
    return element('tr', '', name, ...cells);
  });
  return element('section', '', heading, framed(head, lines));
}

/** Rows below the heads of their columns, in a frame that scrolls. @param {readonly Node[]} head @param {readonly Node[]} rows */
export function framed(head, rows) {
  const made = element(
    'table',
    'table',
    element('thead', '', element('tr', '', ...head)),
    element('tbody', '', ...rows),
  );
  return element('div', 'table-frame', made);
}

/** The head of a column. @param {string} name @param {string} [className] */
export function columnHead(name, className = '') {
  const cell = element('th', className, name);
  cell.scope = 'col';
  return cell;
}

/** Text is, and what says so. @param {string | Node | undefined} cell */
function isNumber(cell) {
  return typeof cell === 'string' || (cell instanceof HTMLElement && cell.matches('.number'));
}

/** @param {number | null} part @param {number} [digits] */
export function percent(part, digits = 1) {
  return part === null
    ? '–'
    : part.toLocaleString(undefined, { style: 'percent', maximumFractionDigits: digits });
}

/** @param {number | null} value */
export function decimal(value) {
  return value === null ? '–' : value.toLocaleString(undefined, { maximumFractionDigits: 1 });
}
