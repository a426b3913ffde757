// @ts-check
import { button, byId, element } from '../dom.js';
import { shop } from '../shop.js';
import { attempt, tell } from './notice.js';
import { RulePreview } from './preview.js';
import { RuleForm } from './rule-form.js';
import { columnHead, framed } from './table.js';

/** @typedef {import('../../client/wire.js').Rule} Rule */

const WHAT = 'rules';

/** The shop's rules: a list, a form, and what a change would do. */
export class RulesPart {
  /** @param {string | undefined} tenant */
  constructor(tenant) {
    this.options = { tenant };
    this.list = byId('rule-list', HTMLElement);
    const root = byId('rule-form', HTMLElement);
    const [form, preview] = [element('div', ''), element('div', '')];
    root.append(form, preview);
    root.className = 'editor';
    this.form = new RuleForm(form, {
      onSave: (rule) => void this.save(rule),
      onChange: (rule) => this.preview.show(rule),
      onClose: () => this.close(),
    });
    this.preview = new RulePreview(preview, tenant, {
      onPin: (id, position) => this.form.add('pinned', `${position} ${id}`),
      onHide: (id) => this.form.add('hidden', id),
    });
    byId('new-rule', HTMLButtonElement).addEventListener('click', () =>
      this.edit({ id: '', when: {}, then: {} }),
    );
  }

  async load() {
    const rules = await attempt(() => this.all(), WHAT);
    if (rules !== undefined) this.draw(rules);
  }

  /** @returns {Promise<Rule[]>} */
  async all() {
    /** @type {Rule[]} */
    const rules = [];
    /** @type {string | undefined} */
    let cursor;
    do {
      const { items, next_cursor } = await shop.rules.list({
        ...this.options,
        ...(cursor === undefined ? {} : { cursor }),
      });
      rules.push(...items);
      cursor = next_cursor;
    } while (cursor !== undefined);
    return rules;
  }

  /** @param {readonly Rule[]} rules */
  draw(rules) {
    if (rules.length === 0) {
      this.list.replaceChildren(element('p', 'none', 'There are no rules yet.'));
      return;
    }
    const head = ['Name', 'When', 'Then', ''].map((name) => columnHead(name));
    if (head[3] !== undefined) head[3].append(element('span', 'hidden', 'Change'));
    const rows = rules.map((rule) => this.row(rule));
    this.list.replaceChildren(framed(head, rows));
  }

  /** @param {Rule} rule */
  row(rule) {
    const edit = button('quiet', 'Edit', () => this.edit(rule));
    edit.setAttribute('aria-label', `Edit ${rule.id}`);
    const remove = button('quiet', 'Delete', () => void this.remove(rule.id));
    remove.setAttribute('aria-label', `Delete ${rule.id}`);
    const name = element('th', '', rule.id);
    name.scope = 'row';
    return element(
      'tr',
      '',
      name,
      element('td', '', whenText(rule)),
      element('td', '', thenText(rule)),
      element('td', 'table-buttons', edit, remove),
    );
  }

  /** @param {Rule} rule */
  edit(rule) {
    this.form.open(rule);
    this.preview.open(this.form.query);
  }

  close() {
    this.form.close();
    this.preview.close();
  }

  /** @param {Rule} rule */
  async save(rule) {
    const saved = await attempt(() => shop.rules.put(rule, this.options), WHAT);
    if (saved === undefined) return;
    this.close();
    tell('good', `The rule ${rule.id} is saved.`);
    await this.load();
  }

  /** @param {string} id */
  async remove(id) {
    if (!confirm(`Delete the rule ${id}?`)) return;
    const done = await attempt(() => shop.rules.delete(id, this.options).then(() => true), WHAT);
    if (done === undefined) return;
    tell('good', `The rule ${id} is deleted.`);
    await this.load();
  }
}

/** @param {Rule} rule @returns {string} */
function whenText({ when }) {
  const { query, match, category, tags = [], from, to } = when;
  const parts = [
    ...(query === undefined
      ? []
      : [`query ${match === 'contains' ? 'contains' : 'is'} “${query}”`]),
    ...(category === undefined ? [] : [`category ${category}`]),
    ...(tags.length === 0 ? [] : [`tag ${tags.join(' or ')}`]),
    ...(from === undefined ? [] : [`from ${dayOf(from)}`]),
    ...(to === undefined ? [] : [`until ${dayOf(to)}`]),
  ];
  return parts.length === 0 ? 'always' : parts.join(', ');
}

/** @param {Rule} rule @returns {string} */
function thenText({ then }) {
  const { pinned = [], hidden = [], boost = [], filter, redirect, data } = then;
  const parts = [
    ...(pinned.length === 0 ? [] : [`pins ${pinned.map(({ id }) => id).join(', ')}`]),
    ...(hidden.length === 0 ? [] : [`hides ${hidden.join(', ')}`]),
    ...boost.map((one) => `boosts ${JSON.stringify(one.filter)} by ${one.weight}`),
    ...(filter === undefined ? [] : [`only ${JSON.stringify(filter)}`]),
    ...(redirect === undefined ? [] : [`leads to ${redirect}`]),
    ...(data === undefined ? [] : ['shows a banner']),
  ];
  return parts.length === 0 ? 'nothing' : parts.join('; ');
}

/** @param {string} time @returns {string} */
function dayOf(time) {
  return new Date(time).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}
