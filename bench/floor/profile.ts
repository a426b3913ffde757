/** A CPU profile as V8's inspector gives it; the parts that are read. */
export interface Profile {
  nodes: ProfileNode[];
  /** The node that each sample met, and the microseconds since the sample before. */
  samples: number[];
  timeDeltas: number[];
}

export interface ProfileNode {
  id: number;
  callFrame: Frame;
  children?: number[];
}

/** Where a function begins; line and column count from 0. Native code has no `url`. */
export interface Frame {
  functionName: string;
  url: string;
  lineNumber: number;
  columnNumber: number;
}

/** Samples that are so many times later than usual: the thread waited for a core meanwhile. */
const LATE = 2;

/**
 * Microseconds in each function itself, without those that it called, by node. A sample lasts until the
 * next one; what is far longer than the median is cut, since the thread did not run all that while.
 */
export function selfTimes({ nodes, samples, timeDeltas }: Profile): Map<number, number> {
  const times = new Map(nodes.map(({ id }) => [id, 0]));
  const sorted = timeDeltas.slice(1).sort((a, b) => a - b);
  const most = LATE * (sorted[sorted.length >> 1] ?? 0);
  samples.forEach((id, i) => {
    const us = Math.min(most, Math.max(0, timeDeltas[i + 1] ?? 0));
    times.set(id, (times.get(id) ?? 0) + us);
  });
  return times;
}
