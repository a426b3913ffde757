// @ts-check
import { element } from '../../dom.js';
import { clock } from './format.js';
import { Plot } from './plot.js';
import { nearest } from './scale.js';

/** @typedef {import('./rows.js').Row} Row */
/** @typedef {import('./cursor.js').Cursor} Cursor */
/** @typedef {{ name: string, colour: string, of: (row: Row) => number | null }} Series */

/**
 * @typedef {object} ChartOptions
 * @property {string} title
 * @property {string} [note] what else has to be known to read it
 * @property {readonly Series[]} series
 * @property {boolean} [isStacked]
 * @property {number} least of the highest line of the grid
 * @property {number} [most] there is nothing beyond it
 * @property {(value: number | null) => string} format
 */

/** What a chart shows at least, and where there is more to show, more. */
const LEAST_MS = 3 * 60_000;
/** Keys that go through the times of a chart, by how many. @type {Readonly<Record<string, number>>} */
const STEPS = {
  ...{ ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 },
  ...{ PageDown: -12, PageUp: 12, Home: -Infinity, End: Infinity },
};

/**
 * Series over time. The mouse, a finger or the arrow keys choose a time, of which the legend then has the values: in all
 * charts of a cursor. To a screen reader it is a slider over times that says what was then.
 */
export class Chart {
  /** @param {ChartOptions} options @param {Cursor} cursor */
  constructor(options, cursor) {
    this.options = options;
    this.cursor = cursor;
    /** @type {readonly Row[]} */
    this.rows = [];
    this.everyMs = 1;
    this.windowMs = 1;
    this.box = element('div', 'chart-plot');
    this.values = options.series.map(() => element('b', 'chart-value', '–'));
    this.time = element('span', 'chart-time');
    this.element = element(
      'figure',
      'chart',
      element('figcaption', 'chart-head', element('h2', '', options.title), this.time),
      this.box,
      element('ul', 'chart-legend', ...options.series.map((each, i) => this.legend(each, i))),
      ...(options.note === undefined ? [] : [element('p', 'hint', options.note)]),
    );
    this.listen();
    cursor.follow(() => this.point());
    new ResizeObserver(() => this.redraw()).observe(this.box);
  }

  /** @param {readonly Row[]} rows @param {number} everyMs @param {number} windowMs */
  draw(rows, everyMs, windowMs) {
    Object.assign(this, { rows, everyMs, windowMs });
    this.redraw();
  }

  redraw() {
    const { rows, everyMs, windowMs, options } = this;
    const width = this.box.clientWidth;
    if (width === 0) return;
    const toMs = rows.at(-1)?.at ?? Date.now();
    const fromMs = Math.max(toMs - windowMs, Math.min(beginOf(rows), toMs - LEAST_MS));
    const { series, least, most, isStacked = false, format } = options;
    const values = series.map(({ of }) => rows.map(of));
    const limits = { least, ...(most === undefined ? {} : { most }) };
    const look = { series, isStacked, format, ...limits };
    this.plot = new Plot(width, look, { fromMs, toMs, everyMs, rows, values });
    this.box.replaceChildren(this.plot.element);
    if (rows.length === 0)
      this.box.append(element('p', 'chart-empty', 'The first figures come in a moment.'));
    this.point();
  }

  /** Shows what was at the cursor's time, else what was last. */
  point() {
    const { rows, options, cursor } = this;
    const chosen = cursor.at === undefined ? undefined : nearest(timesOf(rows), cursor.at);
    const row = rows[chosen ?? rows.length - 1];
    this.plot?.point(chosen);
    const texts = options.series.map(({ of }) =>
      options.format(row === undefined ? null : of(row)),
    );
    this.values.forEach((value, i) => value.replaceChildren(texts[i] ?? ''));
    this.time.replaceChildren(row === undefined ? '' : clock(row.at));
    const said = options.series.map(({ name }, i) => `${name} ${texts[i] ?? ''}`).join(', ');
    const value = {
      valuemax: Math.max(0, rows.length - 1),
      valuenow: Math.max(0, chosen ?? rows.length - 1),
      valuetext: row === undefined ? 'nothing yet' : `${clock(row.at)}: ${said}`,
    };
    for (const [name, is] of Object.entries(value))
      this.box.setAttribute(`aria-${name}`, String(is));
  }

  /** @param {Series} series @param {number} at */
  legend({ name, colour }, at) {
    const swatch = element('span', `swatch ${colour}`);
    return element('li', '', swatch, `${name} `, this.values[at] ?? '');
  }

  listen() {
    const { box, cursor } = this;
    box.tabIndex = 0;
    box.setAttribute('role', 'slider');
    box.setAttribute('aria-label', `${this.options.title}, over time`);
    box.setAttribute('aria-valuemin', '0');
    /** @param {PointerEvent} event */
    const look = ({ clientX }) => {
      const x = clientX - box.getBoundingClientRect().left;
      this.goTo(nearest(timesOf(this.rows), this.plot?.timeAt(x) ?? 0));
    };
    box.addEventListener('pointermove', look);
    box.addEventListener('pointerdown', look);
    box.addEventListener('pointerleave', () => cursor.move(undefined));
    // What is looked at by keys stays where it is while new figures come.
    box.addEventListener('focus', () => {
      if (box.matches(':focus-visible')) this.goTo(this.rows.length - 1);
    });
    box.addEventListener('blur', () => cursor.move(undefined));
    box.addEventListener('keydown', (event) => {
      const step = STEPS[event.key];
      if (step === undefined) return;
      event.preventDefault();
      const last = this.rows.length - 1;
      const at = cursor.at === undefined ? last : nearest(timesOf(this.rows), cursor.at);
      this.goTo(Math.min(last, Math.max(0, at + step)));
    });
  }

  /** @param {number} row */
  goTo(row) {
    const at = this.rows[row]?.at;
    if (at !== undefined) this.cursor.move(at);
  }
}

/** @param {readonly Row[]} rows */
function beginOf([first]) {
  return first === undefined ? Infinity : first.at - first.seconds * 1_000;
}

/** @param {readonly Row[]} rows */
function timesOf(rows) {
  return rows.map(({ at }) => at);
}
