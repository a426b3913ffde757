/** A panel as rows list it; `panelJson` is what Grafana takes. */
export interface Panel {
  title: string;
  /** What it tells, in plain words. */
  about: string;
  /** Grafana's name of it. */
  unit: Unit;
  /** A line each; its legend may name labels: `{{shard}}`. */
  queries: readonly (readonly [legend: string, expr: string])[];
  /** A chart over time, unless it is one figure. */
  kind?: 'stat';
  stacked?: boolean;
  bounds?: Bounds;
}

export interface Row {
  title: string;
  panels: readonly Panel[];
}

type Unit = 'none' | 'short' | 'percentunit' | 's' | 'bytes' | 'reqps' | 'ops' | 'd';

/** Bounds by the severity of their alert: by name in the alert rules, a number where those compare with 0. */
export interface Bounds {
  worse: 'above' | 'below';
  info?: string | number;
  warning?: string | number;
  critical?: string | number;
}

/** Where a panel stands: columns of 24, rows of some 30 pixels. */
export interface Place {
  x: number;
  y: number;
  w: number;
  h: number;
}

const COLORS = { info: 'yellow', warning: 'orange', critical: 'red' } as const;
const SEVERITIES = ['info', 'warning', 'critical'] as const;
const FINE = 'green';

export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** Of series that our own processes tell: those of the region that was chosen. */
export const HERE = 'region=~"$region"';

/** A counter's growth a second. @param more selectors, `outcome="failed"` */
export function rate(counter: string, more = ''): string {
  return `rate(${counter}{${more === '' ? HERE : `${HERE}, ${more}`}}[$__rate_interval])`;
}

/** A quantile of a histogram of ours, a line for each value of `by`. */
export function quantile(q: number, histogram: string, by: string, more = ''): string {
  return `histogram_quantile(${q}, sum by (${by}, le) (${rate(`${histogram}_bucket`, more)}))`;
}

/** @param boundOf what a bound of the rules is */
export function panelJson(
  panel: Panel,
  id: number,
  gridPos: Place,
  boundOf: (name: string) => number,
): object {
  const { title, about, unit, queries, kind = 'timeseries', bounds } = panel;
  const thresholds = { mode: 'absolute', steps: stepsOf(bounds, boundOf) };
  return {
    ...{ id, type: kind, title, description: about, gridPos, datasource: DATASOURCE },
    targets: queries.map(([legendFormat, expr], i) => ({
      ...{ refId: String.fromCharCode(65 + i), datasource: DATASOURCE },
      ...{ expr, legendFormat, editorMode: 'code', range: true },
    })),
    fieldConfig: {
      defaults: { unit, thresholds, ...(kind === 'stat' ? STAT_FIELD : lineField(panel)) },
      overrides: [],
    },
    options: kind === 'stat' ? STAT : LINES,
  };
}

const STAT_FIELD = { color: { mode: 'thresholds' } };
const STAT = {
  ...{ colorMode: 'value', graphMode: 'area', textMode: 'auto', justifyMode: 'auto' },
  ...{ orientation: 'auto', reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false } },
};
const LINES = {
  legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
  tooltip: { mode: 'multi', sort: 'desc' },
};

function lineField({ stacked = false, bounds }: Panel): object {
  return {
    ...{ min: 0, color: { mode: 'palette-classic' } },
    custom: {
      ...{ drawStyle: 'line', lineWidth: 1, fillOpacity: stacked ? 30 : 0, showPoints: 'never' },
      stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
      thresholdsStyle: { mode: bounds === undefined ? 'off' : 'line' },
    },
  };
}

/** From the lowest on; the first has no beginning. */
function stepsOf(bounds: Bounds | undefined, boundOf: (name: string) => number): object[] {
  const given = SEVERITIES.flatMap((severity) => {
    const bound = bounds?.[severity];
    if (bound === undefined) return [];
    return [{ color: COLORS[severity], value: typeof bound === 'string' ? boundOf(bound) : bound }];
  });
  if (bounds?.worse !== 'below') return [{ color: FINE, value: null }, ...given];
  // Each colour goes up to its bound, the worst one's is the lowest.
  const upwards = given.toReversed();
  return [...upwards.map(({ color }) => color), FINE].map((color, i) => ({
    color,
    value: upwards[i - 1]?.value ?? null,
  }));
}
