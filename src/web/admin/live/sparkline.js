// @ts-check
import { linePath, svg } from './svg.js';

const [WIDTH, HEIGHT] = [120, 26];

/**
 * How a figure went, small; the figure itself stands beside it.
 *
 * @param {readonly (number | null)[]} values
 * @param {string} colour name of a class
 */
export function sparkline(values, colour) {
  const most = Math.max(1e-9, ...values.map((value) => value ?? 0));
  const step = WIDTH / Math.max(1, values.length - 1);
  const line = linePath(
    values.map((value, i) =>
      value === null ? undefined : [i * step, HEIGHT - 2 - (value / most) * (HEIGHT - 4)],
    ),
  );
  const box = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT };
  return svg(
    'svg',
    { ...box, class: 'sparkline', 'aria-hidden': 'true', focusable: 'false' },
    svg('path', { class: `chart-line ${colour}`, d: line }),
  );
}
