// @ts-check
import { element } from '../../dom.js';
import { decimal, percent, table } from '../table.js';

/** @typedef {Awaited<ReturnType<typeof import('../../shop.js').shop.operator.usage>>['tenants'][number]} TenantUsage */

const COLUMNS = ['Tenant', 'Searches', 'Products', 'Answered', 'p95 (ms)'];
const LISTED = 10;

/** The tenants that asked most today. @param {readonly TenantUsage[]} tenants @param {boolean} isAll */
export function tenantTable(tenants, isAll) {
  const asked = (/** @type {TenantUsage} */ { days }) =>
    days.reduce((sum, { searches }) => sum + searches, 0);
  const busiest = [...tenants].sort((a, b) => asked(b) - asked(a)).slice(0, LISTED);
  const rows = busiest.map((usage) => {
    const answered = percent(usage.availability, 2);
    return [
      usage.state === 'active' ? usage.tenant : `${usage.tenant} (${usage.state})`,
      asked(usage).toLocaleString(),
      usage.stored.products.toLocaleString(),
      usage.meets_objective ? answered : element('span', 'number warned', answered),
      decimal(usage.p95_ms),
    ];
  });
  const made = table('Tenants today', COLUMNS, rows);
  const link = element('a', '', 'All tenants');
  link.href = '#tenants';
  const note = isAll ? '' : `The busiest of the first ${tenants.length} by name. `;
  made.append(element('p', 'hint', note, link));
  return made;
}
