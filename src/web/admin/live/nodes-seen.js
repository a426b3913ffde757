// @ts-check
import { element } from '../../dom.js';
import { duration } from './format.js';
import { rowsOf } from './rows.js';

/** @typedef {import('../../../client/api-types.js').LiveReply} LiveReply */
/** @typedef {import('./rows.js').Row} Row */
/** @typedef {{ name: string, reply: LiveReply, rows: Row[], heardMs: number }} Seen */

/** One that has not answered for so long is left for one that does. */
const SILENT_MS = 30_000;
const MAX_SEEN = 64;

/**
 * The query nodes that have answered this page. Behind one address there may be several, each of which tells of itself
 * alone: what is shown is of one of them, the first that answered or the one that was chosen.
 */
export class NodesSeen {
  /** @param {() => void} onChoice */
  constructor(onChoice) {
    /** @type {Map<string, Seen>} */
    this.nodes = new Map();
    this.shown = '';
    this.isChosen = false;
    this.select = element('select', '');
    this.label = element('label', 'node-choice', 'Query node ', this.select);
    this.text = element('span', 'soft');
    this.element = element('span', 'node-seen', this.text, this.label);
    this.select.addEventListener('change', () => {
      this.shown = this.select.value;
      this.isChosen = true;
      onChoice();
    });
  }

  /** @param {LiveReply} reply */
  heard(reply) {
    const { host, process, started_at: startedAt } = reply.node;
    const key = `${host} ${process} ${startedAt}`;
    const name = `${host}, process ${process}`;
    this.nodes.delete(key);
    this.nodes.set(key, { name, reply, rows: rowsOf(reply.points), heardMs: Date.now() });
    const shown = this.nodes.get(this.shown);
    const isSilent = shown === undefined || Date.now() - shown.heardMs > SILENT_MS;
    if (isSilent && !(this.isChosen && shown !== undefined)) this.shown = key;
    for (const oldest of this.nodes.keys()) {
      if (this.nodes.size <= MAX_SEEN) break;
      if (oldest !== this.shown) this.nodes.delete(oldest);
    }
    this.draw();
  }

  /** @returns {Seen | undefined} of the one that is shown */
  get current() {
    return this.nodes.get(this.shown);
  }

  draw() {
    const isOne = this.nodes.size < 2;
    this.label.hidden = isOne;
    const silentS = (Date.now() - (this.current?.heardMs ?? 0)) / 1_000;
    const since = silentS > 10 ? `, heard from ${duration(silentS)} ago` : '';
    this.text.replaceChildren(isOne ? `Query node ${this.current?.name ?? ''}` : since);
    if (isOne || this.select === document.activeElement) return;
    const options = [...this.nodes].sort(([, a], [, b]) => a.name.localeCompare(b.name));
    this.select.replaceChildren(
      ...options.map(([key, { name }]) => {
        const option = element('option', '', name);
        Object.assign(option, { value: key, selected: key === this.shown });
        return option;
      }),
    );
  }
}
