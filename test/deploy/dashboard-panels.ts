import { readFileSync } from 'node:fs';
import { DASHBOARD } from '../../scripts/grafana-dashboard.js';

interface DashboardPanel {
  title: string;
  type: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string }[];
}

/** Panels of the dashboard, titles of rows among them. */
export const PANELS = (JSON.parse(readFileSync(DASHBOARD, 'utf8')) as { panels: DashboardPanel[] })
  .panels;

/** Each expression with its variables filled in. @param interval of rates */
export function expressions(interval = '5m'): string[] {
  const all = PANELS.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  return [...new Set(all)].map((expr) =>
    expr.replaceAll('$__rate_interval', interval).replaceAll('$region', '.*'),
  );
}
