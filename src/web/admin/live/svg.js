// @ts-check
const SPACE = 'http://www.w3.org/2000/svg';

/**
 * An element of a drawing.
 *
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag
 * @param {Readonly<Record<string, string | number>>} attributes
 * @param {...(string | Node)} children
 * @returns {SVGElementTagNameMap[T]}
 */
export function svg(tag, attributes, ...children) {
  const made = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/**
 * A line through points; where there is none it is broken.
 *
 * @param {readonly ([x: number, y: number] | undefined)[]} points
 */
export function linePath(points) {
  let isOn = false;
  return points
    .map((point) => {
      const command = isOn ? 'L' : 'M';
      isOn = point !== undefined;
      return point === undefined ? '' : `${command}${coordinates(point)}`;
    })
    .join('');
}

/**
 * What lies between two lines.
 *
 * @param {readonly [x: number, y: number][]} upper
 * @param {readonly [x: number, y: number][]} lower
 */
export function areaPath(upper, lower) {
  if (upper.length === 0) return '';
  const back = [...lower].reverse().map((point) => `L${coordinates(point)}`);
  return `${linePath(upper)}${back.join('')}Z`;
}

/** @param {readonly [x: number, y: number]} point */
function coordinates([x, y]) {
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}
