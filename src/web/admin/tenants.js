// @ts-check
import { button, byId, element } from '../dom.js';
import { shop } from '../shop.js';
import { adviceItems, fullItems } from './advice-list.js';
import { attempt } from './notice.js';
import { decimal, percent, table } from './table.js';

/** @typedef {Awaited<ReturnType<typeof shop.operator.usage>>['tenants'][number]} TenantUsage */

const PAGE = 50;
/** 99.95 % is not 100 %. */
const SHARE_DIGITS = 3;
const COLUMNS = [
  ...['Tenant', 'Plan', 'Products', 'Searches', 'Available', 'p95 (ms)'],
  ...['Cost', 'Margin', 'Warnings'],
];

/** Who is there, what each has, uses, pays and costs, and what outgrows what it has. */
export class TenantsPart {
  constructor() {
    this.advice = byId('advice-list', HTMLElement);
    this.list = byId('tenant-list', HTMLElement);
    /** @type {TenantUsage[]} */
    this.tenants = [];
  }

  async load() {
    const [outlook, page] = await Promise.all([
      attempt(() => shop.operator.outlook(), 'advice'),
      attempt(() => shop.operator.usage({ limit: PAGE }), 'figures of tenants'),
    ]);
    if (outlook !== undefined) this.drawAdvice(outlook);
    this.tenants = [];
    if (page !== undefined) this.draw(page.tenants, page.next_cursor);
  }

  /** @param {string} cursor */
  async more(cursor) {
    const asked = { limit: PAGE, cursor };
    const page = await attempt(() => shop.operator.usage(asked), 'figures of tenants');
    if (page !== undefined) this.draw(page.tenants, page.next_cursor);
  }

  /** @param {import('../../client/operator.js').Outlook} outlook */
  drawAdvice({ advice, days_until_full: days }) {
    const items = [...adviceItems(advice), ...fullItems(days)];
    const body =
      items.length === 0
        ? element('p', 'none', 'Nobody outgrows what they have.')
        : element('ul', 'advice', ...items);
    this.advice.replaceChildren(element('h2', '', 'Advice'), body);
  }

  /** @param {readonly TenantUsage[]} tenants @param {string | undefined} cursor */
  draw(tenants, cursor) {
    this.tenants.push(...tenants);
    const rows = this.tenants.map(rowOf);
    this.list.replaceChildren(table('Tenants, over 30 days', COLUMNS, rows));
    if (cursor === undefined) return;
    const more = button('quiet', 'More tenants', () => void this.more(cursor));
    this.list.append(element('p', '', more));
  }
}

/** @param {TenantUsage} usage @returns {(string | Node)[]} */
function rowOf(usage) {
  const { stored, quotas, days, availability } = usage;
  const most = quotas.find(({ quota }) => quota === 'max_products')?.most;
  const products = stored.products.toLocaleString();
  const name = usage.state === 'active' ? usage.tenant : `${usage.tenant} (${usage.state})`;
  const isMissed = !usage.meets_objective;
  return [
    name,
    element('span', 'name', usage.plan ?? '–'),
    most === undefined ? products : `${products} of ${most.toLocaleString()}`,
    days.reduce((sum, { searches }) => sum + searches, 0).toLocaleString(),
    isMissed
      ? element('span', 'number warned', percent(availability, SHARE_DIGITS))
      : percent(availability, SHARE_DIGITS),
    decimal(usage.p95_ms),
    decimal(usage.cost_month),
    decimal(usage.margin_month),
    warningsOf(usage),
  ];
}

/** @param {TenantUsage} usage */
function warningsOf({ quotas, warnings, meets_objective: isMet, objective }) {
  const texts = quotas
    .filter(({ quota }) => warnings.includes(quota))
    .map(({ quota, share }) => `${percent(share, 0)} of ${quota}`);
  if (!isMet) texts.push(`below ${percent(objective, SHARE_DIGITS)}`);
  return element('span', texts.length === 0 ? '' : 'warned', texts.join(', ') || '–');
}
