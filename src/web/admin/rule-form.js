// @ts-check
import { button, element } from '../dom.js';
import { FormError, fieldsOf, ruleOf } from './rule-text.js';

/** @typedef {import('../../client/wire.js').Rule} Rule */
/** @typedef {{ name: string, label: string, hint?: string, type?: string }} Field */

/** @type {readonly { legend: string, fields: readonly Field[] }[]} */
const GROUPS = [
  {
    legend: 'When',
    fields: [
      { name: 'query', label: 'The query', hint: 'Empty: any query.' },
      { name: 'match', label: 'Compared', type: 'match' },
      { name: 'category', label: 'The filter names the category' },
      { name: 'tags', label: 'The request has one of the tags', hint: 'Separated by commas.' },
      { name: 'from', label: 'From', type: 'datetime-local' },
      { name: 'to', label: 'Until', type: 'datetime-local' },
    ],
  },
  {
    legend: 'Then',
    fields: [
      {
        name: 'pinned',
        label: 'Pin',
        type: 'lines',
        hint: 'A line each: position and id, as 1 p-7.',
      },
      { name: 'hidden', label: 'Hide', type: 'lines', hint: 'One id a line.' },
      {
        name: 'boost',
        label: 'Boost',
        type: 'lines',
        hint: 'A line each: weight and filter, as 0.2 {"brand": "Acme"}.',
      },
      { name: 'filter', label: 'Only what matches', hint: 'A filter as JSON.' },
      { name: 'redirect', label: 'Lead to', hint: 'An address, or a path of the shop.' },
      { name: 'data', label: 'Banner', hint: 'JSON: {"title": "…", "text": "…", "url": "…"}.' },
    ],
  },
];

/** One rule to be made or changed. */
export class RuleForm {
  /**
   * @param {HTMLElement} root
   * @param {object} handlers
   * @param {(rule: Rule) => void} handlers.onSave
   * @param {(rule: Rule | undefined) => void} handlers.onChange undefined: it is not a rule as it stands
   * @param {() => void} handlers.onClose
   */
  constructor(root, handlers) {
    this.root = root;
    this.handlers = handlers;
    /** @type {Map<string, HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>} */
    this.inputs = new Map();
    this.wrong = element('p', 'form-wrong');
    this.wrong.setAttribute('role', 'alert');
  }

  /** @param {Rule} rule one without an id is new */
  open(rule) {
    const form = element('form', 'form');
    const id = this.field({ name: 'id', label: 'Name of the rule' });
    const groups = GROUPS.map(({ legend, fields }) => {
      const group = element('fieldset', '', element('legend', '', legend));
      group.append(...fields.map((field) => this.field(field)));
      return group;
    });
    const save = element('button', 'main-button', 'Save');
    const close = button('quiet', 'Close', this.handlers.onClose);
    const title = element('h2', '', rule.id === '' ? 'New rule' : `Rule ${rule.id}`);
    const buttons = element('div', 'form-buttons', save, close);
    form.append(title, id, element('div', 'form-groups', ...groups), this.wrong, buttons);
    for (const [name, text] of Object.entries(fieldsOf(rule))) this.set(name, text);
    this.input('id').disabled = rule.id !== '';
    form.addEventListener('input', () => this.handlers.onChange(this.rule(false)));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const made = this.rule(true);
      if (made !== undefined) this.handlers.onSave(made);
    });
    this.root.replaceChildren(form);
    (rule.id === '' ? this.input('id') : this.input('query')).focus();
    this.handlers.onChange(this.rule(false));
  }

  close() {
    this.root.replaceChildren();
  }

  /** @returns {boolean} */
  get isOpen() {
    return this.root.firstChild !== null;
  }

  /** A line more in a list. @param {'pinned' | 'hidden'} name @param {string} line */
  add(name, line) {
    const input = this.input(name);
    input.value = input.value.trim() === '' ? line : `${input.value.trimEnd()}\n${line}`;
    this.handlers.onChange(this.rule(false));
  }

  /** @returns {string} the query of the rule as it is typed */
  get query() {
    return this.input('query').value.trim();
  }

  /** What is typed as a rule. @param {boolean} isTold what is wrong is said @returns {Rule | undefined} */
  rule(isTold) {
    for (const input of this.inputs.values()) input.removeAttribute('aria-invalid');
    this.wrong.textContent = '';
    const fields = [...this.inputs].map(([name, input]) => [name, input.value]);
    try {
      const rule = ruleOf(Object.fromEntries(fields));
      if (isTold && rule.id === '') throw new FormError('id', 'A rule needs a name.');
      return rule;
    } catch (error) {
      if (!(error instanceof FormError)) throw error;
      this.input(error.field).setAttribute('aria-invalid', 'true');
      if (isTold) {
        this.wrong.textContent = error.message;
        this.input(error.field).focus();
      }
      return undefined;
    }
  }

  /** @param {string} name */
  input(name) {
    const input = this.inputs.get(name);
    if (input === undefined) throw new Error(`the form has no field ${name}`);
    return input;
  }

  /** @param {string} name @param {string} text */
  set(name, text) {
    this.input(name).value = text;
  }

  /** @param {Field} field @returns {HTMLElement} */
  field({ name, label, hint, type }) {
    const input = inputOf(type);
    input.id = `rule-${name}`;
    this.inputs.set(name, input);
    const labelled = element('label', '', label);
    labelled.htmlFor = input.id;
    const row = element('div', 'field', labelled, input);
    if (hint !== undefined) {
      const note = element('p', 'hint', hint);
      note.id = `rule-${name}-hint`;
      input.setAttribute('aria-describedby', note.id);
      row.append(note);
    }
    return row;
  }
}

/** @param {string | undefined} type */
function inputOf(type) {
  if (type === 'match') {
    const select = element('select', '');
    for (const [value, text] of [
      ['exact', 'it is exactly this'],
      ['contains', 'it contains this'],
    ]) {
      const option = element('option', '', String(text));
      option.value = String(value);
      select.append(option);
    }
    return select;
  }
  if (type === 'lines') {
    const area = element('textarea', '');
    area.rows = 3;
    area.spellcheck = false;
    return area;
  }
  const input = element('input', '');
  input.type = type ?? 'text';
  input.spellcheck = false;
  return input;
}
