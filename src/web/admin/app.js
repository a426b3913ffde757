// @ts-check
import { byId } from '../dom.js';
import { FiguresPart } from './figures.js';
import { ImportsPart } from './imports.js';
import { LivePart } from './live/live.js';
import { RulesPart } from './rules.js';
import { SynonymsPart } from './synonyms.js';
import { TenantsPart } from './tenants.js';

const tenant = new URLSearchParams(location.search).get('tenant') || undefined;
const rules = new RulesPart(tenant);
const synonyms = new SynonymsPart(tenant);
const figures = new FiguresPart(tenant, {
  onRule: (query) => {
    location.hash = '#rules';
    rules.edit({ id: '', when: { query }, then: {} });
  },
  onSynonym: (from) => {
    location.hash = '#synonyms';
    synonyms.edit({ id: '', from, to: [] });
  },
});
/** @type {Record<string, { load: () => Promise<void>, leave?: () => void }>} */
const parts = {
  live: new LivePart(),
  ...{ figures, rules, synonyms },
  imports: new ImportsPart(tenant),
  tenants: new TenantsPart(),
};
/** Where without a name in the address. */
const FIRST = 'live';

function show() {
  const asked = location.hash.slice(1);
  const name = Object.hasOwn(parts, asked) ? asked : FIRST;
  byId('notice', HTMLElement).hidden = true;
  for (const [other, part] of Object.entries(parts)) {
    byId(other, HTMLElement).hidden = other !== name;
    if (other !== name) part.leave?.();
  }
  for (const link of document.querySelectorAll('.tabs a')) {
    const isShown = link.getAttribute('href') === `#${name}`;
    if (isShown) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
    // On a phone they are wider than it.
    if (isShown) link.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }
  void parts[name]?.load();
}

window.addEventListener('hashchange', show);
show();
