// @ts-check
import { button, byId, element } from '../dom.js';
import { shop } from '../shop.js';
import { attempt, tell } from './notice.js';
import { listOf } from './rule-text.js';

/** @typedef {import('../../client/wire.js').Synonym} Synonym */

const WHAT = 'synonyms';

/** Words that stand for each other, or one for others. */
export class SynonymsPart {
  /** @param {string | undefined} tenant */
  constructor(tenant) {
    this.options = { tenant };
    this.list = byId('synonym-list', HTMLElement);
    this.id = input('synonym-id', 'text');
    this.from = input('synonym-from', 'text');
    this.words = input('synonym-words', 'text');
    const form = element(
      'form',
      'form form-line',
      field('Name', this.id),
      field('Searched for (one way only)', this.from),
      field('Words, separated by commas', this.words),
      element('button', 'main-button', 'Save'),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.save();
    });
    byId('synonym-form', HTMLElement).append(form);
  }

  async load() {
    const listed = await attempt(() => shop.synonyms.list(this.options), WHAT);
    if (listed === undefined) return;
    const rows = listed.items.map((synonym) => this.row(synonym));
    const none = element('p', 'none', 'There are no synonyms yet.');
    this.list.replaceChildren(
      rows.length === 0
        ? none
        : element('div', 'table-frame', element('table', 'table', element('tbody', '', ...rows))),
    );
  }

  /** @param {Synonym} synonym */
  row(synonym) {
    const edit = button('quiet', 'Edit', () => this.edit(synonym));
    edit.setAttribute('aria-label', `Edit ${synonym.id}`);
    const remove = button('quiet', 'Delete', () => void this.remove(synonym.id));
    remove.setAttribute('aria-label', `Delete ${synonym.id}`);
    const name = element('th', '', synonym.id);
    name.scope = 'row';
    const text =
      'words' in synonym ? synonym.words.join(' = ') : `${synonym.from} → ${synonym.to.join(', ')}`;
    const buttons = element('td', 'table-buttons', edit, remove);
    return element('tr', '', name, element('td', '', text), buttons);
  }

  /** @param {Synonym} synonym one without an id is new */
  edit(synonym) {
    this.id.value = synonym.id;
    this.from.value = 'from' in synonym ? synonym.from : '';
    this.words.value = ('words' in synonym ? synonym.words : synonym.to).join(', ');
    (synonym.id === '' ? this.id : this.words).focus();
  }

  async save() {
    const [id, from] = [this.id.value.trim(), this.from.value.trim()];
    const words = listOf(this.words.value, ',');
    if (id === '') return tell('error', 'A synonym needs a name.');
    const synonym = from === '' ? { id, words } : { id, from, to: words };
    const saved = await attempt(() => shop.synonyms.put(synonym, this.options), WHAT);
    if (saved === undefined) return;
    tell('good', `The synonym ${id} is saved.`);
    for (const cleared of [this.id, this.from, this.words]) cleared.value = '';
    await this.load();
  }

  /** @param {string} id */
  async remove(id) {
    if (!confirm(`Delete the synonym ${id}?`)) return;
    const done = await attempt(() => shop.synonyms.delete(id, this.options).then(() => true), WHAT);
    if (done === undefined) return;
    tell('good', `The synonym ${id} is deleted.`);
    await this.load();
  }
}

/** @param {string} id @param {string} type */
function input(id, type) {
  const made = element('input', '');
  made.id = id;
  made.type = type;
  made.spellcheck = false;
  return made;
}

/** @param {string} text @param {HTMLInputElement} labelled */
function field(text, labelled) {
  const label = element('label', '', text);
  label.htmlFor = labelled.id;
  return element('div', 'field', label, labelled);
}
