// @ts-check
/** @typedef {import('./wire.js').Scalar} Scalar */

/** What would be read as another type. */
const ODD = /^(true|false|-?\d+(\.\d+)?([eE][+-]?\d+)?|".*)$/s;

/**
 * A facet's value in an address: a text as it is, unless it looks like a number, a truth value or a quoted
 * text; then it is quoted.
 *
 * @param {Scalar} value
 * @returns {string}
 */
export function writeScalar(value) {
  if (typeof value !== 'string') return String(value);
  return ODD.test(value) ? JSON.stringify(value) : value;
}

/** @param {string} text what `writeScalar` wrote, or somebody by hand @returns {Scalar} */
export function readScalar(text) {
  if (!ODD.test(text)) return text;
  try {
    return /** @type {Scalar} */ (JSON.parse(text));
  } catch {
    return text;
  }
}

/** From five digits on: a year or a model number is not 2,016. */
const GROUPED = /** @type {const} */ ({ useGrouping: 'min2', maximumFractionDigits: 6 });

/** @param {unknown} value @returns {string} for people */
export function shownValue(value) {
  if (value === true) return 'Yes';
  if (value === false) return 'No';
  if (Array.isArray(value)) return value.map(String).join(', ');
  return typeof value === 'number' ? value.toLocaleString(undefined, GROUPED) : String(value);
}

// The catalogue says no currency, so a price is a number with two decimals.
const PRICE = new Intl.NumberFormat(undefined, {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});

/** @param {number} price @returns {string} */
export function shownPrice(price) {
  return PRICE.format(price);
}

/** @param {number} count `NaN`: it is not known @returns {string} */
export function shownCount(count) {
  return Number.isNaN(count) ? '' : count.toLocaleString();
}
