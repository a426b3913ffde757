// @ts-check
import { button, element } from '../dom.js';
import { picture } from '../picture.js';
import { shop } from '../shop.js';
import { textOf } from '../wire.js';
import { attempt } from './notice.js';

/** @typedef {import('../../client/wire.js').Rule} Rule */
/** @typedef {import('../wire.js').Product} Product */

/** Quiet time after a change before it is previewed. */
const DEBOUNCE_MS = 350;
const SHOWN = 10;
const FIELDS = ['title', 'image_url'];
/** Logged queries that are looked at. */
const LOGGED = 100;

/** What a query finds now beside what it would find with the rule, and which logged queries would change. */
export class RulePreview {
  /**
   * @param {HTMLElement} root
   * @param {string | undefined} tenant
   * @param {{ onPin: (id: string, position: number) => void, onHide: (id: string) => void }} handlers
   */
  constructor(root, tenant, handlers) {
    this.root = root;
    this.options = { tenant };
    this.handlers = handlers;
    /** @type {Rule | undefined} */
    this.rule = undefined;
    /** @type {Map<string, Product>} */
    this.products = new Map();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** Answers of an earlier round are not drawn over a later one's. */
    this.round = 0;
    this.query = element('input', '');
    this.query.type = 'search';
    this.query.id = 'preview-query';
    this.query.addEventListener('input', () => this.soon());
    this.columns = element('div', 'preview-columns');
    this.columns.setAttribute('aria-live', 'polite');
    this.log = element('div', 'preview-log');
    this.log.setAttribute('role', 'status');
  }

  /** @param {string} query of the rule */
  open(query) {
    const label = element('label', '', 'Try it on the query');
    label.htmlFor = this.query.id;
    this.query.value = query;
    this.log.replaceChildren();
    this.root.replaceChildren(
      element(
        'div',
        'preview',
        element('h2', '', 'What it does'),
        element('div', 'field', label, this.query),
        this.columns,
        button('quiet', `Try it on the ${LOGGED} most frequent queries`, () => void this.tryLog()),
        this.log,
      ),
    );
    this.soon();
  }

  close() {
    clearTimeout(this.timer);
    this.round += 1;
    this.root.replaceChildren();
  }

  /** @param {Rule | undefined} rule */
  show(rule) {
    this.rule = rule;
    // As long as nothing else was typed, the rule's own query is the one to look at.
    this.soon();
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.run(), DEBOUNCE_MS);
  }

  async run() {
    const round = (this.round += 1);
    const query = this.query.value.trim() || (this.rule?.when.query ?? '');
    if (query === '' || this.root.firstChild === null) return this.columns.replaceChildren();
    const rule = draftOf(this.rule);
    const found = await attempt(async () => {
      const body = { query, top_k: SHOWN, fields: FIELDS };
      const [now, preview] = await Promise.all([
        shop.search(body, this.options),
        rule === undefined
          ? undefined
          : shop.rules.preview({ rule, queries: [query] }, this.options),
      ]);
      for (const { id, product } of now.hits) this.products.set(id, product);
      const after = preview?.results[0];
      await this.complete(after?.after ?? []);
      return { now: now.hits.map(({ id }) => id), after, unknown: preview?.unknown ?? 0 };
    }, 'preview of rules');
    if (found === undefined || round !== this.round) return;
    const { now, after, unknown } = found;
    const then = after?.after ?? now;
    const note =
      after === undefined && unknown === 0 ? 'Nothing changes for this query.' : undefined;
    this.columns.replaceChildren(
      this.column('Now', now, then),
      this.column('With this rule', then, now, note ?? redirectText(after?.redirect)),
    );
  }

  /** Titles and pictures of products that are not known yet. @param {readonly string[]} ids */
  async complete(ids) {
    const missing = ids.filter((id) => !this.products.has(id));
    await Promise.all(
      missing.map(async (id) => {
        const product = await shop.products.get(id, this.options).catch(() => ({}));
        this.products.set(id, product);
      }),
    );
  }

  /**
   * @param {string} title
   * @param {readonly string[]} ids
   * @param {readonly string[]} others what the other column has
   * @param {string} [note]
   */
  column(title, ids, others, note) {
    const items = ids.map((id, at) => {
      const product = this.products.get(id) ?? {};
      const pin = button('quiet', 'Pin', () => this.handlers.onPin(id, at + 1));
      pin.setAttribute('aria-label', `Pin ${id} at ${at + 1}`);
      const hide = button('quiet', 'Hide', () => this.handlers.onHide(id));
      hide.setAttribute('aria-label', `Hide ${id}`);
      const name = element('span', 'preview-name', textOf(product.title) ?? id);
      const isMoved = others[at] !== id;
      const parts = [picture(product.image_url, { eager: true }), name, pin, hide];
      return element('li', isMoved ? 'preview-item preview-moved' : 'preview-item', ...parts);
    });
    const list = element('ol', 'preview-list', ...items);
    return element(
      'section',
      '',
      element('h3', '', title),
      ...(note ? [element('p', 'hint', note)] : []),
      list,
    );
  }

  async tryLog() {
    const rule = draftOf(this.rule);
    if (rule === undefined) return this.log.replaceChildren('The rule is not complete.');
    this.log.replaceChildren('Looking…');
    const found = await attempt(
      () =>
        shop.rules.preview(
          { rule, limit: LOGGED },
          { ...this.options, attemptTimeoutMs: 15_000, timeoutMs: 30_000 },
        ),
      'preview of rules',
    );
    if (found === undefined) return this.log.replaceChildren();
    const { queries, changed, unknown, results } = found;
    const left = unknown === 0 ? '' : ` Of ${unknown} it is not known.`;
    const summary = `${changed} of ${queries} queries would have another answer.${left}`;
    const lines = results.map(({ query }) =>
      element(
        'li',
        '',
        button('link', query, () => this.look(query)),
      ),
    );
    this.log.replaceChildren(element('p', '', summary), element('ul', '', ...lines));
  }

  /** @param {string} query */
  look(query) {
    this.query.value = query;
    void this.run();
  }
}

/** A rule without a name is previewed too. @param {Rule | undefined} rule */
function draftOf(rule) {
  if (rule === undefined) return undefined;
  const { id, ...draft } = rule;
  return id === '' ? draft : rule;
}

/** @param {string | undefined} redirect */
function redirectText(redirect) {
  return redirect === undefined ? undefined : `Leads to ${redirect}.`;
}
