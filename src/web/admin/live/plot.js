// @ts-check
import { clockMinutes } from './format.js';
import { gridLines, timeMarks } from './scale.js';
import { areaPath, linePath, svg } from './svg.js';

const HEIGHT = 190;
const [LEFT, RIGHT, TOP, BOTTOM] = [54, 10, 10, 22];
const MINUTE_MS = 60_000;
/** Marks that there is room for. */
const MOST_MARKS = 5;
/** A stretch that is so much longer than usual is drawn as long as it is. */
const LONG = 1.6;

/**
 * What is drawn.
 *
 * @typedef {object} Data
 * @property {number} fromMs
 * @property {number} toMs
 * @property {number} everyMs between two rows, as a rule
 * @property {readonly { at: number, seconds: number }[]} rows
 * @property {readonly (readonly (number | null)[])[]} values by series, then by row
 */

/**
 * How it is drawn.
 *
 * @typedef {object} Look
 * @property {readonly { colour: string }[]} series names of classes
 * @property {boolean} isStacked
 * @property {number} least of the highest line of the grid
 * @property {number} [most] there is nothing beyond it
 * @property {(value: number) => string} format
 */

/** The drawing of a chart, and where times lie in it. */
export class Plot {
  /** @param {number} width px @param {Look} look @param {Data} data */
  constructor(width, look, data) {
    this.look = look;
    this.data = data;
    this.right = Math.max(LEFT + 40, width - RIGHT);
    const lines = gridLines(look.most ?? this.largest(), look.least);
    this.top = lines.at(-1) ?? 1;
    const box = { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}` };
    this.mark = svg('g', { class: 'chart-cursor' });
    this.element = svg(
      'svg',
      { ...box, 'aria-hidden': 'true', focusable: 'false' },
      ...lines.map((value) => this.gridLine(value)),
      ...timeMarks(data.fromMs, data.toMs, markMs(data)).map((at) => this.timeMark(at)),
      ...(look.isStacked ? this.areas() : this.lines()),
      this.mark,
    );
  }

  /** @param {number} at epoch ms */
  x(at) {
    const { fromMs, toMs } = this.data;
    return LEFT + ((at - fromMs) / (toMs - fromMs)) * (this.right - LEFT);
  }

  /** @param {number} value */
  y(value) {
    return HEIGHT - BOTTOM - (value / this.top) * (HEIGHT - BOTTOM - TOP);
  }

  /** The time at a place. @param {number} x px */
  timeAt(x) {
    const { fromMs, toMs } = this.data;
    return fromMs + ((x - LEFT) / (this.right - LEFT)) * (toMs - fromMs);
  }

  /** Shows which row is looked at; undefined: none. @param {number | undefined} row */
  point(row) {
    const at = row === undefined ? undefined : this.data.rows[row]?.at;
    if (row === undefined || at === undefined) return this.mark.replaceChildren();
    const x = this.x(at).toFixed(1);
    let below = 0;
    const dots = this.data.values.flatMap((values, i) => {
      const value = values[row] ?? null;
      if (value === null) return [];
      below += this.look.isStacked ? value : 0;
      const y = this.y(this.look.isStacked ? below : value).toFixed(1);
      const colour = this.look.series[i]?.colour ?? '';
      return [svg('circle', { class: `chart-dot ${colour}`, cx: x, cy: y, r: 3.5 })];
    });
    const line = svg('line', { x1: x, x2: x, y1: TOP, y2: HEIGHT - BOTTOM });
    this.mark.replaceChildren(line, ...dots);
  }

  largest() {
    const { rows, values } = this.data;
    if (!this.look.isStacked) return Math.max(0, ...values.flat().map((value) => value ?? 0));
    return Math.max(0, ...rows.map((_, row) => sumAt(values, row)));
  }

  /** @param {number} value */
  gridLine(value) {
    const y = this.y(value).toFixed(1);
    const text = svg('text', { x: LEFT - 8, y, dy: '0.32em', 'text-anchor': 'end' });
    text.append(this.look.format(value));
    return svg(
      'g',
      { class: 'chart-grid' },
      svg('line', { x1: LEFT, x2: this.right, y1: y, y2: y }),
      text,
    );
  }

  /** @param {number} at */
  timeMark(at) {
    const x = this.x(at).toFixed(1);
    const text = svg('text', { x, y: HEIGHT - 6, 'text-anchor': 'middle' }, clockMinutes(at));
    return svg('g', { class: 'chart-grid' }, text);
  }

  lines() {
    return this.data.values.map((values, i) =>
      svg('path', {
        class: `chart-line ${this.look.series[i]?.colour ?? ''}`,
        d: linePath(this.corners((row) => values[row] ?? null)),
      }),
    );
  }

  /** Each on those before. */
  areas() {
    const { values } = this.data;
    return values.map((_, i) => {
      const [below, above] = [values.slice(0, i), values.slice(0, i + 1)];
      const upper = this.corners((row) => sumAt(above, row)).filter(
        (corner) => corner !== undefined,
      );
      const lower = this.corners((row) => sumAt(below, row)).filter(
        (corner) => corner !== undefined,
      );
      const colour = this.look.series[i]?.colour ?? '';
      return svg('path', { class: `chart-area ${colour}`, d: areaPath(upper, lower) });
    });
  }

  /** @param {(row: number) => number | null} of @returns {([x: number, y: number] | undefined)[]} */
  corners(of) {
    const { rows, everyMs, fromMs } = this.data;
    return rows.flatMap(({ at, seconds }, row) => {
      const value = of(row);
      if (value === null) return [undefined];
      const y = this.y(value);
      const isLong = seconds * 1_000 > everyMs * LONG;
      const begin = Math.max(fromMs, at - seconds * 1_000);
      /** @type {[x: number, y: number][]} */
      const corners = [[this.x(at), y]];
      if (isLong || row === 0) corners.unshift([this.x(begin), y]);
      return corners;
    });
  }
}

/** @param {Data} data */
function markMs({ fromMs, toMs }) {
  const minutes = (toMs - fromMs) / MINUTE_MS;
  return (minutes <= MOST_MARKS ? 1 : 5) * MINUTE_MS;
}

/** @param {readonly (readonly (number | null)[])[]} values @param {number} row */
function sumAt(values, row) {
  return values.reduce((sum, each) => sum + (each[row] ?? 0), 0);
}
