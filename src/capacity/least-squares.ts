export interface Point {
  x: number;
  y: number;
}

/** The line of least squares, through the mean of its points. */
export interface Line {
  meanX: number;
  meanY: number;
  /** Undefined where all points have the same `x`. */
  slope: number | undefined;
}

/** @param points at least one */
export function lineThrough(points: readonly Point[]): Line {
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / points.length;
  let [above, below] = [0, 0];
  for (const { x, y } of points) {
    above += (x - meanX) * (y - meanY);
    below += (x - meanX) ** 2;
  }
  return { meanX, meanY, slope: below === 0 ? undefined : above / below };
}
