// @ts-check
import { button, byId, element } from '../dom.js';
import { storedKey } from '../key.js';
import { shop } from '../shop.js';
import { attempt, tell } from './notice.js';
import { columnHead, framed } from './table.js';

/** @typedef {import('../../client/imports.js').ImportStatus} ImportStatus */

const WHAT = 'imports';
const LISTED = 50;
const LOOK_MS = 1_000;
const STATES = {
  queued: 'waits',
  running: 'runs',
  waiting_for_confirmation: 'waits for you',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** Feeds that are written in the background: how far each is, and what can be done about it. */
export class ImportsPart {
  /** @param {string | undefined} tenant */
  constructor(tenant) {
    this.options = { tenant };
    this.section = byId('imports', HTMLElement);
    this.list = byId('import-list', HTMLElement);
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** Draws the list, and again every second as long as it is shown. */
  async load() {
    clearTimeout(this.timer);
    const asked = { ...this.options, limit: LISTED };
    const found = await attempt(() => shop.imports.list(asked), WHAT);
    if (found === undefined) return;
    this.draw(found.imports);
    this.timer = setTimeout(() => {
      if (!this.section.hidden) void this.load();
    }, LOOK_MS);
  }

  /** @param {readonly ImportStatus[]} imports */
  draw(imports) {
    if (imports.length === 0) {
      this.list.replaceChildren(element('p', 'none', 'There are no imports.'));
      return;
    }
    // A button keeps the keyboard's place when the list is drawn anew.
    const focused = document.activeElement?.getAttribute('aria-label');
    const head = ['Taken', 'State', 'Rows', 'Written', 'Rejected', 'Deleted', ''].map((name) =>
      columnHead(name),
    );
    const rows = imports.map((one) => this.row(one));
    this.list.replaceChildren(framed(head, rows));
    if (focused === undefined || focused === null) return;
    for (const made of this.list.querySelectorAll('button')) {
      if (made.getAttribute('aria-label') === focused) made.focus();
    }
  }

  /** @param {ImportStatus} one */
  row(one) {
    const written = one.accepted - one.unchanged - one.stale;
    const asked = one.state === 'waiting_for_confirmation' ? `${count(one.to_prune)}?` : '';
    const cells = [
      new Date(one.created_at).toLocaleString(),
      stateOf(one),
      progressOf(one),
      one.dry_run ? 'dry run' : count(written),
      count(one.rejected_count),
      asked === '' ? count(one.pruned) : asked,
      this.buttons(one),
    ].map((content) => element('td', '', content));
    const made = element('tr', '', ...cells);
    made.dataset['import'] = one.id;
    return made;
  }

  /** @param {ImportStatus} one */
  buttons(one) {
    const { id, state } = one;
    /** @param {string} text @param {() => void} does */
    const labelled = (text, does) => {
      const made = button('quiet', text, does);
      made.setAttribute('aria-label', `${text} ${id}`);
      return made;
    };
    const buttons = element('span', 'table-buttons');
    if (state === 'waiting_for_confirmation') {
      buttons.append(labelled('Confirm', () => void this.confirm(one)));
    }
    if (state === 'queued' || state === 'running' || state === 'waiting_for_confirmation') {
      buttons.append(labelled('Cancel', () => void this.change(id, 'cancel', 'is cancelled')));
    }
    if (state === 'failed' || state === 'cancelled') {
      buttons.append(labelled('Try again', () => void this.change(id, 'retry', 'waits again')));
    }
    if (one.rejected_count > 0) {
      buttons.append(labelled('Rejected rows', () => void this.download(id)));
    }
    return buttons;
  }

  /** @param {ImportStatus} one */
  async confirm({ id, to_prune: many }) {
    if (!confirm(`Delete ${count(many)} products that this feed does not have?`)) return;
    await this.change(id, 'confirm', 'deletes them');
  }

  /** @param {string} id @param {'confirm' | 'cancel' | 'retry'} what @param {string} done */
  async change(id, what, done) {
    const changed = await attempt(() => shop.imports[what](id, this.options), WHAT);
    if (changed !== undefined) tell('good', `The import ${id} ${done}.`);
    await this.load();
  }

  /** @param {string} id */
  async download(id) {
    const key = storedKey();
    const { tenant } = this.options;
    const headers = {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(tenant === undefined ? {} : { 'x-omnisearch-tenant': tenant }),
    };
    const reply = await fetch(`/imports/${encodeURIComponent(id)}/rejected`, { headers });
    if (!reply.ok) return tell('error', 'The rejected rows could not be read.');
    const link = element('a', '');
    link.href = URL.createObjectURL(await reply.blob());
    link.download = `rejected-${id}.ndjson`;
    link.click();
    URL.revokeObjectURL(link.href);
  }
}

/** @param {ImportStatus} one */
function stateOf({ state, error }) {
  const text = element('span', '', STATES[state]);
  if (error !== undefined) text.append(': ', error.message);
  return text;
}

/** @param {ImportStatus} one */
function progressOf({ rows, rows_total: total, rows_per_s: rate, seconds_left: left, state }) {
  const made = element('span', '');
  if (total === null) return made;
  made.append(`${count(rows)} of ${count(total)}`);
  if (state !== 'running') return made;
  const bar = element('progress', '');
  bar.max = Math.max(1, total);
  bar.value = rows;
  bar.setAttribute('aria-label', 'rows gone through');
  const pace = rate === null ? '' : ` ${count(Math.round(rate))} rows/s, ${left ?? 0} s left`;
  made.append(' ', bar, pace);
  return made;
}

/** @param {number | null} number */
function count(number) {
  return (number ?? 0).toLocaleString();
}
