// @ts-check

/** Of a grid. */
const STEPS = [1, 2, 2.5, 5, 10];
const MOST_LINES = 4;

/**
 * Where the lines of a grid lie, from 0 to the first one that is not below `most`.
 *
 * @param {number} most
 * @param {number} least of the highest line: a chart of nothing has a scale as well
 */
export function gridLines(most, least) {
  const top = Math.max(most, least);
  const power = 10 ** Math.floor(Math.log10(top / MOST_LINES));
  const step = power * (STEPS.find((factor) => factor * power * MOST_LINES >= top) ?? 10);
  return Array.from({ length: Math.ceil(top / step - 1e-9) + 1 }, (_, i) => i * step);
}

/** Full minutes to be marked between two times. @param {number} fromMs @param {number} toMs @param {number} everyMs */
export function timeMarks(fromMs, toMs, everyMs) {
  const first = Math.ceil(fromMs / everyMs) * everyMs;
  const marks = [];
  for (let at = first; at <= toMs; at += everyMs) marks.push(at);
  return marks;
}

/** The place of the value next to `wanted`, in a list that ascends; -1: it is empty. @param {readonly number[]} values @param {number} wanted */
export function nearest(values, wanted) {
  let best = -1;
  values.forEach((value, i) => {
    if (best < 0 || Math.abs(value - wanted) <= Math.abs((values[best] ?? 0) - wanted)) best = i;
  });
  return best;
}
