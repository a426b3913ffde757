import type { Logger } from '../../core/logger.js';
import type { ChooseWidths } from '../build/builder.js';
import type { EfOptions } from '../build/choose-ef.js';
import { categoryOfGraph, type GraphRecord } from './segment-record.js';
import type { Segment } from './segment.js';
import type { TenantIndex } from './tenant-index.js';

/** Graphs of a segment whose widths are to be chosen anew. */
export interface StaleWidths {
  segment: Segment;
  /** Their names in its record. */
  graphs: readonly string[];
}

/**
 * A segment with graphs whose widths were chosen for another recall or within other bounds, or with stand-ins
 * where it is known by now what callers search for.
 */
export function findStale(
  { segments, recentQueries }: TenantIndex,
  ef: EfOptions,
): StaleWidths | undefined {
  for (const segment of segments) {
    const { record } = segment;
    const graphs = record.components.flatMap((component) => {
      if (component.kind !== 'graph') return [];
      const ring = recentQueries.ring(categoryOfGraph(record, component.name));
      return isStale(component, ef, ring?.isFull === true) ? [component.name] : [];
    });
    if (graphs.length > 0) return { segment, graphs };
  }
  return undefined;
}

function isStale(
  { ef, byQueries = false, target }: GraphRecord,
  options: EfOptions,
  hasQueries: boolean,
): boolean {
  const isWithin = ef >= options.min && ef <= options.max;
  return target !== options.target || !isWithin || (hasQueries && !byQueries);
}

/** Chooses them by what callers search for. False: the segment is not held any more. */
export async function chooseAnew(
  { segment, graphs }: StaleWidths,
  index: TenantIndex,
  { folder, ef, logger }: { folder: string; ef: EfOptions; logger: Logger },
  choose: ChooseWidths,
): Promise<boolean> {
  const { record, name } = segment;
  const queries = index.recentQueries.vectors;
  const widths = await choose({ tenantFolder: folder, record, graphs, ef, queries });
  if (!index.segments.includes(segment)) return false;
  segment.setWidths(widths);
  // One that could not be opened again is built anew.
  if (graphs.some((graph) => !widths.has(graph))) segment.loseGraph();
  const chosen = Object.fromEntries([...widths].map(([graph, { ef: width }]) => [graph, width]));
  logger.debug({ segment: name, widths: chosen }, 'widths of graphs were chosen anew');
  return true;
}
