// @ts-check
/** @typedef {import('../../client/wire.js').Rule} Rule */
/** @typedef {import('../../client/wire.js').Filter} Filter */
/** @typedef {Record<string, string>} Fields what the form's fields hold, by name */

/** Something in the form that is not as it should be. */
export class FormError extends Error {
  /** @param {string} field @param {string} message */
  constructor(field, message) {
    super(message);
    this.field = field;
  }
}

/** @param {Rule} rule @returns {Fields} */
export function fieldsOf({ id, when, then }) {
  return {
    id,
    query: when.query ?? '',
    match: when.match ?? 'exact',
    category: when.category ?? '',
    tags: (when.tags ?? []).join(', '),
    from: localTime(when.from),
    to: localTime(when.to),
    pinned: (then.pinned ?? []).map(({ id: pin, position }) => `${position} ${pin}`).join('\n'),
    hidden: (then.hidden ?? []).join('\n'),
    boost: (then.boost ?? [])
      .map(({ filter, weight }) => `${weight} ${JSON.stringify(filter)}`)
      .join('\n'),
    filter: then.filter === undefined ? '' : JSON.stringify(then.filter),
    redirect: then.redirect ?? '',
    data: then.data === undefined ? '' : JSON.stringify(then.data),
  };
}

/** @param {Fields} fields @returns {Rule} Throws `FormError`. */
export function ruleOf(fields) {
  const { id = '', query = '', match, category = '', redirect = '' } = fields;
  const tags = listOf(fields.tags ?? '', ',');
  const pinned = listOf(fields.pinned ?? '', '\n').map(pinOf);
  const hidden = listOf(fields.hidden ?? '', '\n');
  const boost = listOf(fields.boost ?? '', '\n').map(boostOf);
  const filter = /** @type {Filter | undefined} */ (jsonOf('filter', fields.filter ?? ''));
  const data = jsonOf('data', fields.data ?? '');
  const [from, to] = [timeOf('from', fields.from), timeOf('to', fields.to)];
  return /** @type {Rule} */ ({
    id: id.trim(),
    when: {
      ...(query.trim() === '' ? {} : { query: query.trim(), match }),
      ...(category.trim() === '' ? {} : { category: category.trim() }),
      ...(tags.length === 0 ? {} : { tags }),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    },
    then: {
      ...(pinned.length === 0 ? {} : { pinned }),
      ...(hidden.length === 0 ? {} : { hidden }),
      ...(boost.length === 0 ? {} : { boost }),
      ...(filter === undefined ? {} : { filter }),
      ...(redirect.trim() === '' ? {} : { redirect: redirect.trim() }),
      ...(data === undefined ? {} : { data }),
    },
  });
}

/** @param {string} text @param {string} separator @returns {string[]} */
export function listOf(text, separator) {
  return text
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** @param {string} line */
function pinOf(line) {
  const [, position, id] = /^(\d+)\s+(.+)$/.exec(line) ?? [];
  if (position !== undefined && id !== undefined) return { id, position: Number(position) };
  throw new FormError('pinned', `A line is a position and an id, as “1 p-7”; “${line}” is not.`);
}

/** @param {string} line */
function boostOf(line) {
  const [, weight, json] = /^(\S+)\s+(\{.*)$/.exec(line) ?? [];
  const number = Number(weight);
  if (json === undefined || !Number.isFinite(number)) {
    const example = '0.2 {"brand": "Acme"}';
    throw new FormError(
      'boost',
      `A line is a weight and a filter, as “${example}”; “${line}” is not.`,
    );
  }
  return { filter: jsonOf('boost', json), weight: number };
}

/** @param {string} field @param {string} text @returns {unknown} */
function jsonOf(field, text) {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new FormError(field, 'This must be JSON.');
  }
}

/** @param {string} field @param {string | undefined} local @returns {string | undefined} RFC 3339 */
function timeOf(field, local) {
  if (local === undefined || local === '') return undefined;
  const time = new Date(local);
  if (Number.isNaN(time.getTime())) throw new FormError(field, 'This must be a date and a time.');
  return time.toISOString();
}

/** For an `<input type="datetime-local">`. @param {string | undefined} time @returns {string} */
function localTime(time) {
  if (time === undefined) return '';
  const at = new Date(time);
  const shifted = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}
