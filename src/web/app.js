// @ts-check
import { request } from './api.js';
import { Controls } from './controls.js';
import { Detail } from './detail.js';
import { byId, element } from './dom.js';
import { CARD_FIELDS } from './hit-card.js';
import { bindKeyboard } from './keyboard.js';
import { PageHistory } from './page-history.js';
import { Results } from './results.js';
import { SearchLoop } from './search-loop.js';
import { addressOf, filterOf, hasFilters, NO_FILTERS, readState } from './state.js';
import { BROWSE_QUERY, drawExamples } from './welcome.js';
import { isObject } from './wire.js';

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./wire.js').Category} Category */

const PAGE_SIZE = 24;
/** Past this a shopper should search otherwise; the API itself would go to 1,000. */
const MAX_SHOWN = 96;

let state = readState(location.search);
let topK = PAGE_SIZE;
/** True while the newest entry of the history was made by typing: further keystrokes replace it. */
let typingEntry = false;
/** True while the last word of the query may be unfinished. */
let isUnfinished = false;

const pages = new PageHistory();
const detail = new Detail(byId('detail', HTMLDialogElement), pages);
const results = new Results({
  onOpen: (hit) => void detail.open(hit, state.tenant),
  onRetry: () => void loop.run(searchRequest()),
  onQuery: (query) => onSet({ query }),
  onLiteral: (literal) => onSet({ literal }),
  onClearFilters: () => onSet(NO_FILTERS),
});
const loop = new SearchLoop({
  onStart: () => results.showBusy(),
  onRetry: (waitMs) => results.showRetry(waitMs),
  onError: (error) => results.showError(error),
  onReply: (reply) =>
    results.showReply(reply, {
      heading: state.query.trim() === '' && reply.hits.length > 0 ? browseHeading() : undefined,
      hasMore: reply.hits.length === topK && topK < MAX_SHOWN,
      asked: { query: state.query.trim(), hasFilters: hasFilters(state), literal: state.literal },
    }),
});
const controls = new Controls({ state: () => state, onType, onSet });

/** @param {Partial<State>} change */
function onType(change) {
  const before = addressOf(state);
  if (change.query !== undefined) isUnfinished = true;
  apply(change);
  const address = addressOf(state);
  if (address === before) return;
  if (typingEntry) pages.replace(address);
  else pages.push(address);
  typingEntry = true;
  loop.runSoon(searchRequest);
}

/** @param {Partial<State>} change */
function onSet(change) {
  if (change.query !== undefined) isUnfinished = false;
  apply(change);
  const address = addressOf(state);
  if (address !== location.pathname + location.search) pages.push(address);
  typingEntry = false;
  void loop.run(searchRequest());
}

/** @param {Partial<State>} change */
function apply(change) {
  const isReworded = (change.query ?? state.query).trim() !== state.query.trim();
  // Other words are read anew.
  state = { ...state, ...(isReworded ? { literal: false } : {}), ...change };
  topK = PAGE_SIZE;
  showState();
}

function showState() {
  controls.show(state);
  const query = state.query.trim();
  byId('welcome', HTMLElement).hidden = query !== '' || hasFilters(state);
  document.title = query === '' ? 'OmniSearch shop' : `${query} – OmniSearch shop`;
}

/** @returns {{ body: object, tenant: string | undefined }} */
function searchRequest() {
  const filter = filterOf(state);
  const common = { top_k: topK, fields: CARD_FIELDS, ...(filter ? { filter } : {}) };
  return { body: { ...textOfQuery(), ...common }, tenant: state.tenant };
}

/** @returns {object} the query, and how it is to be read */
function textOfQuery() {
  const query = state.query.trim();
  if (query === '') {
    // The API wants a query: without one, a category's own name finds what is typical of it.
    const typical = state.categories.join(', ').slice(0, 2_000) || BROWSE_QUERY;
    return { query: typical, mode: 'vector' };
  }
  return {
    query,
    highlight: ['title'],
    ...(isUnfinished ? { prefix: true } : {}),
    ...(state.literal ? { understand: false } : {}),
  };
}

/** @returns {string} */
function browseHeading() {
  return state.categories.length > 0 ? state.categories.join(', ') : 'A look around the shop';
}

/** Categories and counts are extras: without them the search still works. */
async function loadShop() {
  const { tenant } = state;
  const reply = await request('/categories', { tenant }).catch(() => undefined);
  const listed = isObject(reply) && Array.isArray(reply.categories) ? reply.categories : [];
  /** @type {Category[]} */
  const categories = listed.filter(
    (entry) => typeof entry?.category === 'string' && typeof entry.products === 'number',
  );
  controls.chips.setCategories(categories);
  drawExamples(byId('examples', HTMLElement), categories, (query) => {
    controls.box.focus();
    onSet({ query });
  });
  const products = categories.reduce((sum, { products: count }) => sum + count, 0);
  if (products === 0) return;
  const more = element('span', 'size-more', ` in ${categories.length} categories`);
  byId('size', HTMLElement).replaceChildren(`${products.toLocaleString()} products`, more);
}

results.more.addEventListener('click', async () => {
  const shown = topK;
  topK = Math.min(topK + PAGE_SIZE, MAX_SHOWN);
  await loop.run(searchRequest());
  const cards = /** @type {NodeListOf<HTMLElement>} */ (
    results.grid.querySelectorAll('.card-open')
  );
  cards[shown]?.focus();
});

byId('home', HTMLAnchorElement).addEventListener('click', (event) => {
  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  onSet({ query: '', ...NO_FILTERS });
});

window.addEventListener('popstate', () => {
  if (!pages.stepped(detail.dialog)) return;
  state = readState(location.search);
  topK = PAGE_SIZE;
  typingEntry = false;
  isUnfinished = false;
  showState();
  void loop.run(searchRequest());
});

bindKeyboard({
  box: controls.box,
  grid: results.grid,
  onClear: () => {
    if (controls.box.value !== '') onSet({ query: '' });
  },
});
showState();
void loop.run(searchRequest());
void loadShop();
