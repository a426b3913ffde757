import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import ts from 'typescript';
import type { Front, Shown } from './shop-front.js';

/** Calls of functions that `PAGE` defines. */
const called = (name: string, ...args: readonly unknown[]): string =>
  `window.${name}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`;

/** What a shop's page loads: each library as its publisher builds it for browsers. */
const SCRIPTS = [
  'instantsearch.js/dist/instantsearch.production.min.js',
  'algoliasearch/dist/lite/builds/browser.umd.js',
  'typesense-instantsearch-adapter/dist/typesense-instantsearch-adapter.min.js',
];

/** The globals that they make, and ours. */
const PAGE = `
const { connectors, widgets } = window.instantsearch;
const library = { instantsearch: window.instantsearch, connectors, configure: widgets.configure };
const clients = {
  algolia: (options) => window['algoliasearch/lite'].liteClient('any', ...options),
  typesense: (options) => {
    const adapter = window.TypesenseInstantSearchAdapter;
    return new (adapter.default ?? adapter)(...options).searchClient;
  },
};
window.openShop = (api, options, index, perPage) => {
  window.front = new ShopFront(clients[api](options), index, perPage, library);
  return window.front.open();
};
window.act = ({ widget, method, args }) => {
  const { front } = window;
  return front.act(() => (widget === null ? front : front.shown[widget])[method](...args));
};
window.findBrands = (beginning) => window.front.findBrands(beginning);
/** Without what cannot be sent; of hits what a shopper sees of them. */
window.shownNow = () => JSON.stringify(window.front.shown, (name, value) => {
  if (name === 'instantSearchInstance' || name === 'widgetParams' || name === 'state') return undefined;
  if (name === 'results' && value !== undefined && value !== null) {
    const { nbHits, page, nbPages } = value;
    return { nbHits, page, nbPages };
  }
  if (name === 'range' && value) return Object.fromEntries(Object.entries(value).filter(([, one]) => Number.isFinite(one)));
  return value;
});
`;

/** How a client is made: the arguments that its documentation names. */
export interface ClientOptions {
  api: 'algolia' | 'typesense';
  options: readonly unknown[];
}

/** One call of a widget, or of the page, to be made in the browser. */
interface Deed {
  /** Null: of the page itself. */
  widget: string | null;
  method: string;
  args: readonly unknown[];
}

/** The page in a tab of Chromium; what is shown there is brought here after each deed. */
export class ChromiumFront implements Front {
  readonly shown = {} as Shown;
  private deed: Deed | undefined;

  private constructor(
    private readonly page: Page,
    readonly index: string,
  ) {}

  /** @param url of the server: the page is of the same origin */
  static async open(
    page: Page,
    url: string,
    { api, options }: ClientOptions,
    index: string,
    perPage: number,
  ): Promise<ChromiumFront> {
    await page.goto(`${url}/livez`);
    for (const script of SCRIPTS) {
      const path = fileURLToPath(new URL(`../../node_modules/${script}`, import.meta.url));
      await page.addScriptTag({ path });
    }
    const source = readFileSync(new URL('shop-front.ts', import.meta.url), 'utf8');
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
    });
    await page.addScriptTag({ type: 'module', content: outputText + PAGE });
    await page.waitForFunction('window.openShop !== undefined');
    const front = new ChromiumFront(page, index);
    await page.evaluate(called('openShop', api, options, index, perPage));
    await front.bring();
    return front;
  }

  async act(action: () => void): Promise<void> {
    action();
    const { deed } = this;
    this.deed = undefined;
    if (deed === undefined) throw new Error('nothing was done');
    await this.page.evaluate(called('act', deed));
    await this.bring();
  }

  clear(): void {
    this.deed = { widget: null, method: 'clear', args: [] };
  }

  async findBrands(beginning: string): Promise<void> {
    await this.page.evaluate(called('findBrands', beginning));
    await this.bring();
  }

  /** What the widgets show now; what is called of them here is done there by `act`. */
  private async bring(): Promise<void> {
    const json = await this.page.evaluate<string>(called('shownNow'));
    const shown = JSON.parse(json) as Record<string, object>;
    for (const [widget, options] of Object.entries(shown)) {
      const refine = (...args: readonly unknown[]): void => {
        this.deed = { widget, method: 'refine', args };
      };
      Object.assign(this.shown, { [widget]: { ...options, refine } });
    }
  }
}
