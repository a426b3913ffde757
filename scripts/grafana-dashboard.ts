/** Writes Grafana's dashboard, with the bounds of the alert rules: `npx tsx scripts/grafana-dashboard.ts`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { BACKGROUND_ROWS } from './grafana/background-rows.js';
import { EXPORTER_ROWS } from './grafana/exporter-rows.js';
import { MACHINE_ROWS } from './grafana/machine-rows.js';
import { DATASOURCE, panelJson, type Place, type Row } from './grafana/panel.js';
import { SHARD_ROWS } from './grafana/shard-rows.js';
import { SHOPPER_ROWS } from './grafana/shopper-rows.js';

const RULES = fileURLToPath(new URL('../deploy/prometheus/rules.yml', import.meta.url));
export const DASHBOARD = fileURLToPath(
  new URL('../deploy/grafana/dashboards/omnisearch.json', import.meta.url),
);

const ROWS: readonly Row[] = [
  ...[...SHOPPER_ROWS, ...SHARD_ROWS, ...BACKGROUND_ROWS],
  ...[...MACHINE_ROWS, ...EXPORTER_ROWS],
];
const COLUMNS = 24;
const SIZES = { stat: { w: 6, h: 4 }, timeseries: { w: 8, h: 8 } };

/** The text of the dashboard. */
export function dashboardText(): string {
  const dashboard = {
    ...{ uid: 'omnisearch', title: 'OmniSearch', tags: ['omnisearch'], schemaVersion: 39 },
    description:
      'Made by scripts/grafana-dashboard.ts; its lines are the bounds of the alert rules.',
    ...{ time: { from: 'now-3h', to: 'now' }, refresh: '30s', timezone: 'browser' },
    ...{ editable: true, graphTooltip: 1, links: [], id: null },
    templating: { list: [datasourceVariable(), regionVariable()] },
    annotations: { list: [firingAlerts()] },
    panels: laidOut(ROWS),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

/** Panels from left to right and downwards, below the title of their row. */
function laidOut(rows: readonly Row[]): object[] {
  const boundOf = readBounds();
  const all: object[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    const head = { x: 0, y: y++, w: COLUMNS, h: 1 };
    all.push({
      ...{ id: all.length + 1, type: 'row', title, gridPos: head },
      collapsed: false,
      panels: [],
    });
    let place: Place = { x: 0, y, w: 0, h: 0 };
    for (const panel of panels) {
      const { w, h } = SIZES[panel.kind ?? 'timeseries'];
      const fits = place.x + place.w + w <= COLUMNS && (place.h === h || place.h === 0);
      place = fits
        ? { x: place.x + place.w, y: place.y, w, h }
        : { x: 0, y: place.y + place.h, w, h };
      all.push(panelJson(panel, all.length + 1, place, boundOf));
    }
    y = place.y + place.h;
  }
  return all;
}

interface RuleFile {
  groups: { rules: { expr: string; labels?: { bound?: string } }[] }[];
}

/** What `omnisearch:bound` of a name is: `vector(26 * 3600)`. */
function readBounds(): (name: string) => number {
  const { groups } = parse(readFileSync(RULES, 'utf8'), { merge: true }) as RuleFile;
  const bounds = new Map<string, number>();
  for (const { expr, labels } of groups.flatMap(({ rules }) => rules)) {
    const product = /^vector\(([\d. *]+)\)$/.exec(expr)?.[1];
    if (labels?.bound === undefined || product === undefined) continue;
    const value = product.split('*').reduce((so, factor) => so * Number(factor), 1);
    bounds.set(labels.bound, value);
  }
  return (name) => {
    const value = bounds.get(name);
    if (value === undefined) throw new Error(`rules.yml has no bound ${name}`);
    return value;
  };
}

function datasourceVariable(): object {
  return { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' };
}

/** All of them is also what has no region. */
function regionVariable(): object {
  const query = 'label_values(build_info, region)';
  return {
    ...{ name: 'region', label: 'Region', type: 'query', datasource: DATASOURCE },
    ...{ query: { query, refId: 'region' }, definition: query, refresh: 2, sort: 1 },
    ...{ multi: true, includeAll: true, allValue: '.*' },
    current: { selected: true, text: ['All'], value: ['$__all'] },
  };
}

function firingAlerts(): object {
  return {
    ...{ name: 'Alerts', datasource: DATASOURCE, enable: true, iconColor: 'red' },
    ...{ expr: 'ALERTS{alertstate="firing", severity=~"warning|critical"}', step: '60s' },
    ...{ titleFormat: '{{alertname}}', tagKeys: 'severity' },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(DASHBOARD, dashboardText());
