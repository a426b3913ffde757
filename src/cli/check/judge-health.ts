import type { Finding, Level } from './finding.js';

/** As `GET /healthz` answers. */
export interface HealthBody {
  parts: { name: string; state: 'ok' | 'starting' | 'degraded' | 'down'; detail?: string }[];
}

const LEVELS: Readonly<Record<string, Level>> = { ok: 'ok', down: 'critical' };

/** A finding for each part that is not well, or one that all are. */
export function judgeHealth({ parts }: HealthBody): Finding[] {
  const bad = parts.filter(({ state }) => state !== 'ok');
  if (bad.length === 0) {
    return [{ check: 'health', level: 'ok', message: `${parts.length} parts are well` }];
  }
  return bad.map(({ name, state, detail }) => ({
    check: 'health',
    level: LEVELS[state] ?? 'warning',
    message: `${name} is ${state}${detail === undefined ? '' : `: ${detail}`}`,
  }));
}
