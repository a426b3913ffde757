// @ts-check
import { element } from '../../dom.js';
import { Chart } from './chart.js';
import { Cursor } from './cursor.js';
import { milliseconds, share, short } from './format.js';
import { foundShare, spentIn } from './rows.js';
import { STAGES } from './stages.js';

/** @typedef {import('./rows.js').Row} Row */

/** Colours of caches, by their place. */
const CACHE_COLOURS = ['c4', 'c2', 'c7', 'c6', 'c8', 'c1'];

/** @type {import('./chart.js').ChartOptions} */
const SEARCHES = {
  title: 'Searches per second',
  isStacked: true,
  least: 1,
  format: short,
  series: [
    { name: 'Answered', colour: 'c4', of: ({ rates }) => rates.ok },
    { name: 'In part', colour: 'c2', of: ({ rates }) => rates.partial },
    { name: 'Refused', colour: 'c7', of: ({ rates }) => rates.refused },
    { name: 'Failed', colour: 'c-bad', of: ({ rates }) => rates.failed },
    { name: 'Caller left', colour: 'c8', of: ({ rates }) => rates.abandoned },
  ],
};

/** @type {import('./chart.js').ChartOptions} */
const LATENCY = {
  title: 'How long a search takes',
  least: 1,
  format: milliseconds,
  series: [
    { name: 'p50', colour: 'c4', of: ({ p50 }) => p50 },
    { name: 'p95', colour: 'c2', of: ({ p95 }) => p95 },
    { name: 'p99', colour: 'c7', of: ({ p99 }) => p99 },
  ],
};

/** @type {import('./chart.js').ChartOptions} */
const BY_STAGE = {
  title: 'Where an average search spends its time',
  isStacked: true,
  least: 1,
  format: milliseconds,
  series: STAGES.map(([stage, name, colour]) => {
    return { name, colour, of: (row) => spentIn(row, stage) };
  }),
};

/** The charts of a node. */
export class Charts {
  constructor() {
    this.cursor = new Cursor();
    this.fixed = [SEARCHES, LATENCY, BY_STAGE].map((options) => new Chart(options, this.cursor));
    this.caches = '';
    /** @type {Chart | undefined} of the caches there are, which the first figures tell */
    this.cacheChart = undefined;
    this.element = element('div', 'chart-grid-of', ...this.fixed.map((chart) => chart.element));
  }

  /** @param {readonly Row[]} rows @param {number} everyMs @param {number} windowMs */
  draw(rows, everyMs, windowMs) {
    const names = [...(rows.at(-1)?.caches.keys() ?? [])];
    if (this.cacheChart === undefined || names.join() !== this.caches) {
      this.caches = names.join();
      this.cacheChart?.element.remove();
      this.cacheChart = new Chart(chartOfCaches(names), this.cursor);
      this.element.append(this.cacheChart.element);
    }
    for (const chart of [...this.fixed, this.cacheChart]) chart.draw(rows, everyMs, windowMs);
  }
}

/** @param {readonly string[]} names @returns {import('./chart.js').ChartOptions} */
function chartOfCaches(names) {
  return {
    title: 'Found in caches',
    ...{ least: 1, most: 1 },
    format: share,
    series: names.map((name, i) => ({
      name: name.charAt(0).toUpperCase() + name.slice(1),
      colour: CACHE_COLOURS[i % CACHE_COLOURS.length] ?? '',
      of: ({ caches }) => foundShare(caches.get(name)),
    })),
  };
}
