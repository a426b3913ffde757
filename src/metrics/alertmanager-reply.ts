import { isObject } from '../core/json.js';

/** An alert that fires. */
export interface FiringAlert {
  name: string;
  /** As its rule says; empty: it does not. */
  severity: string;
  summary: string;
  /** RFC 3339. */
  since: string;
  /** What tells it from others of its name. */
  labels: Readonly<Record<string, string>>;
  /** Where it is written what to do: an address of the web, or none. */
  runbook: string | null;
  /** Somebody has silenced it. */
  isSilenced: boolean;
}

/** Alerts that are told; the worst come first. */
const MAX_ALERTS = 100;
const MAX_LABELS = 20;
const MAX_TEXT = 300;
const SEVERITIES = ['critical', 'warning', 'info'];
/** Said elsewhere, or of no use to who reads it. */
const NOT_LABELS: ReadonlySet<string> = new Set(['alertname', 'severity', 'monitor', 'prometheus']);

/**
 * The alerts of a reply to `GET /api/v2/alerts`, the worst and oldest first, and how many there are. Throws where it is
 * no such reply.
 */
export function alertsIn(reply: unknown): { alerts: FiringAlert[]; count: number } {
  if (!Array.isArray(reply)) throw new Error('it is no list of alerts');
  const all = reply.map(alertOf).sort(byUrgency);
  return { alerts: all.slice(0, MAX_ALERTS), count: all.length };
}

function alertOf(alert: unknown): FiringAlert {
  const { labels, annotations, startsAt, status } = membersOf(alert);
  const [named, noted] = [membersOf(labels), membersOf(annotations)];
  const since = Date.parse(textOf(startsAt));
  if (textOf(named['alertname']) === '' || Number.isNaN(since)) {
    throw new Error('it is no list of alerts');
  }
  return {
    name: textOf(named['alertname']),
    severity: textOf(named['severity']),
    summary: textOf(noted['summary']) || textOf(noted['description']),
    since: new Date(since).toISOString(),
    labels: Object.fromEntries(
      Object.entries(named)
        .filter(([name]) => !NOT_LABELS.has(name))
        .slice(0, MAX_LABELS)
        .map(([name, value]) => [name.slice(0, MAX_TEXT), textOf(value)]),
    ),
    runbook: webAddress(textOf(noted['runbook_url'])),
    isSilenced: membersOf(status)['state'] === 'suppressed',
  };
}

function byUrgency(a: FiringAlert, b: FiringAlert): number {
  const rank = ({ severity, isSilenced }: FiringAlert): number => {
    const at = SEVERITIES.indexOf(severity);
    return (isSilenced ? SEVERITIES.length + 1 : 0) + (at < 0 ? SEVERITIES.length : at);
  };
  return rank(a) - rank(b) || a.since.localeCompare(b.since) || a.name.localeCompare(b.name);
}

function membersOf(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_TEXT) : '';
}

/** A page makes a link of it: of nothing that a browser would run. */
function webAddress(text: string): string | null {
  return /^https?:\/\/[^\s]+$/.test(text) ? text : null;
}
