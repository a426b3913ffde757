// @ts-check
import { chosenAttributes } from './attributes.js';
import { Controls } from './controls.js';
import { byId } from './dom.js';
import { sendClick } from './events.js';
import { FacetLoader } from './facet-loader.js';
import { bindKeyboard } from './keyboard.js';
import { countText } from './messages.js';
import { Pager } from './pager.js';
import { ProductPage } from './product-page.js';
import { Results } from './results.js';
import { PER_PAGE, pagesOf, searchOf } from './search-request.js';
import { SearchLoop } from './search-loop.js';
import { showShopSize } from './shop-size.js';
import { addressOf, hasFilters, NO_FILTERS, readState } from './state.js';

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./wire.js').Hit} Hit */
/** @typedef {import('./wire.js').SearchReply} SearchReply */

let state = readState(location.search);
/** The address of the list that is shown, or asked for; without a product's. */
let shownList = '';
/** @type {SearchReply | undefined} */
let lastReply;
/** True while the newest entry of the history was made by typing: further keystrokes replace it. */
let typingEntry = false;
/** True while the last word of the query may be unfinished. */
let isUnfinished = false;
/** Somebody sent the query off: a rule may lead elsewhere. */
let isSent = false;

const listView = byId('shop', HTMLElement);
const controls = new Controls({ state: () => state, onType, onSet, onSend });
const product = new ProductPage({
  onBack: backToList,
  addressOf: productAddress,
  onOpen: (hit) => onSet({ product: hit.id }),
});
const results = new Results({
  addressOf: productAddress,
  onOpen: openHit,
  onRetry: () => void runList(),
  onQuery: (query) => onSet({ query }),
  onLiteral: (literal) => onSet({ literal }),
  onClearFilters: () => onSet(NO_FILTERS),
});
const pager = new Pager(byId('pages', HTMLElement), {
  addressOf: (page) => addressOf({ ...state, page }),
  onPage: (page) => {
    onSet({ page });
    window.scrollTo(0, 0);
    results.grid.focus();
  },
});
const facets = new FacetLoader((shown, attributes) => controls.panel.show(shown, attributes));
const loop = new SearchLoop({
  onStart: () => results.showBusy(),
  onRetry: (waitMs) => results.showRetry(waitMs),
  onError: (error) => {
    lastReply = undefined;
    results.showError(error);
    pager.show(1, 1);
  },
  onReply: showReply,
});

/** @param {SearchReply} reply */
function showReply(reply) {
  lastReply = reply;
  const total = reply.total ?? reply.hits.length;
  const query = state.query.trim();
  if (isSent && reply.redirect !== undefined && controls.follow(reply.redirect)) return;
  isSent = false;
  results.showReply(reply, {
    count: countText(total, {
      ...{ query, page: state.page, pages: pagesOf(total) },
      isWhole: reply.partial === null,
    }),
    asked: { query, hasFilters: hasFilters(state), literal: state.literal },
  });
  pager.show(state.page, pagesOf(total));
  controls.showTotal(total);
  facets.load(reply, state, isUnfinished);
}

/** A change while typing. @param {Partial<State>} change */
function onType(change) {
  const before = addressOf(state);
  isUnfinished = true;
  apply(change);
  const address = addressOf(state);
  if (address === before) return;
  if (typingEntry) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
  typingEntry = true;
  shownList = listAddress();
  loop.runSoon(listRequest);
}

/** A finished change: an entry of its own in the history. @param {Partial<State>} change */
function onSet(change) {
  if (change.query !== undefined) isUnfinished = false;
  // Where a list was left, it is found again.
  history.replaceState({ ...history.state, scroll: window.scrollY }, '');
  const entry = { isFromList: change.product !== undefined && state.product === undefined };
  apply(change);
  const address = addressOf(state);
  if (address !== location.pathname + location.search) history.pushState(entry, '', address);
  typingEntry = false;
  showView();
}

/** @param {string} query */
function onSend(query) {
  isSent = true;
  shownList = '';
  onSet({ query });
}

/** As Back does, where the list is behind it: then it is where it was left. */
function backToList() {
  if (history.state?.isFromList === true) history.back();
  else onSet({ product: undefined });
}

/** @param {Partial<State>} change */
function apply(change) {
  const isReworded = (change.query ?? state.query).trim() !== state.query.trim();
  const isNewList = Object.keys(change).some((name) => name !== 'page' && name !== 'product');
  state = {
    ...state,
    // Other words are read anew; another list begins at its beginning, and is looked at.
    ...(isReworded ? { literal: false } : {}),
    ...(isNewList ? { page: 1, product: undefined } : {}),
    ...change,
  };
  showState();
}

function showState() {
  controls.show(state);
  const query = state.query.trim();
  const isStart = query === '' && !hasFilters(state) && state.page === 1;
  byId('welcome', HTMLElement).hidden = !isStart;
  listView.hidden = state.product !== undefined;
  if (state.product === undefined) {
    product.hide();
    document.title = query === '' ? 'OmniSearch shop' : `${query} – OmniSearch shop`;
  }
}

/** The product's page, or the list: asked for unless it is there already. */
function showView() {
  if (state.product !== undefined) {
    const hit = lastReply?.hits.find(({ id }) => id === state.product);
    void product.show(state.product, hit, state.tenant);
    window.scrollTo(0, 0);
  } else if (shownList !== listAddress()) {
    void runList();
  }
}

function runList() {
  shownList = listAddress();
  return loop.run(listRequest());
}

function listRequest() {
  const options = { isUnfinished, attributes: chosenAttributes(state) };
  return { body: searchOf(state, options), tenant: state.tenant };
}

/** @returns {string} */
function listAddress() {
  return addressOf({ ...state, product: undefined });
}

/** @param {string} id @returns {string} */
function productAddress(id) {
  return addressOf({ ...state, product: id });
}

/** @param {Hit} hit */
function openHit(hit) {
  const at = lastReply?.hits.findIndex(({ id }) => id === hit.id) ?? -1;
  const position = (state.page - 1) * PER_PAGE + at + 1;
  const { tenant } = state;
  if (at >= 0) sendClick({ queryId: lastReply?.query_id, id: hit.id, position, tenant });
  onSet({ product: hit.id });
}

byId('home', HTMLAnchorElement).addEventListener('click', (event) => {
  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  onSet({ query: '', sort: 'best', ...NO_FILTERS });
});

window.addEventListener('popstate', ({ state: entry }) => {
  const left = state.product;
  state = readState(location.search);
  typingEntry = false;
  isUnfinished = false;
  showState();
  showView();
  if (state.product !== undefined || left === undefined) return;
  window.scrollTo(0, entry?.scroll ?? 0);
  results.focusCard(left);
});

bindKeyboard({
  box: controls.box,
  grid: results.grid,
  onClear: () => {
    if (state.product !== undefined) backToList();
    else if (controls.box.value !== '') onSet({ query: '' });
  },
});
showState();
showView();
void showShopSize(state.tenant, (query) => onSend(query));
