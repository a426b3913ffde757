// @ts-check
import { element } from '../../dom.js';
import { ago } from './format.js';

/** @typedef {import('../../../client/api-types.js').AlertsReply} AlertsReply */

/** Names that are read at a glance. @type {Readonly<Record<string, string>>} */
const SEVERITIES = { critical: 'critical', warning: 'warning', info: 'info' };

/** What fires. @param {AlertsReply} reply @returns {HTMLElement} */
export function alertsPanel({ state, problem, count, alerts }) {
  if (state === 'unset') {
    const setting = element('code', '', 'ALERTMANAGER_URL');
    const example = element('code', '', 'http://alertmanager:9093');
    const text = [
      'Alerts are not shown: set ',
      setting,
      ' of the query nodes, such as ',
      example,
      '.',
    ];
    return element('div', 'alerts alerts-unset', element('p', '', ...text));
  }
  if (state === 'unreachable') {
    const text = `Whether alerts fire is not known: Alertmanager cannot be read: ${problem ?? ''}.`;
    return element('div', 'alerts alerts-warning', element('p', '', dot(), text));
  }
  const loud = alerts.filter(({ silenced }) => !silenced);
  if (count === 0)
    return element('div', 'alerts alerts-good', element('p', '', dot(), 'No alert fires.'));
  const worst = loud[0]?.severity ?? 'info';
  const silent = alerts.length - loud.length;
  const many = `${loud.length} ${loud.length === 1 ? 'alert fires' : 'alerts fire'}`;
  const beside = silent === 0 ? '' : `, ${silent} silenced`;
  const more = count > alerts.length ? `; the worst ${alerts.length} of ${count} are shown` : '';
  return element(
    'div',
    `alerts alerts-${SEVERITIES[worst] ?? 'warning'}`,
    element('p', '', dot(), `${many}${beside}${more}.`),
    element('ul', 'alert-list', ...alerts.map(line)),
  );
}

/** @param {AlertsReply['alerts'][number]} alert */
function line({ name, severity, summary, since, labels, runbook, silenced }) {
  const level = silenced ? 'silenced' : severity || 'alert';
  const badge = element('span', `badge badge-${SEVERITIES[level] ?? 'other'}`, level);
  const title = element('strong', '', name);
  const of = Object.entries(labels).map(([label, value]) => `${label} ${value}`);
  const when = element('time', 'soft', ago(since));
  when.dateTime = since;
  const parts = element(
    'li',
    '',
    badge,
    ' ',
    title,
    summary === '' ? '' : `: ${summary}`,
    ' ',
    when,
  );
  if (of.length > 0) parts.append(' ', element('span', 'soft', of.join(', ')));
  if (runbook !== null) {
    const link = element('a', '', 'What to do');
    link.href = runbook;
    link.rel = 'noreferrer';
    link.setAttribute('aria-label', `What to do about ${name}`);
    parts.append(' ', link);
  }
  return parts;
}

function dot() {
  const made = element('span', 'dot');
  made.setAttribute('aria-hidden', 'true');
  return made;
}
