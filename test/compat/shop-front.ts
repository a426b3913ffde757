/** What is used of instantsearch.js, whose own types only bundlers can read. */
interface InstantSearch {
  readonly status: string;
  start(): void;
  dispose(): void;
  on(event: string, listener: (event: { error: Error }) => void): void;
  addWidgets(widgets: readonly unknown[]): void;
  setUiState(change: (state: UiState) => UiState): void;
}
type UiState = Record<string, { query?: string; sortBy?: string } | undefined>;
type Widget = (parameters: object) => unknown;
type Connector = (render: (options: unknown) => void) => Widget;

/** instantsearch.js, as Node or a browser has it. Nothing here is imported, so that a browser can run it. */
export interface Library {
  instantsearch: (options: object) => InstantSearch;
  connectors: Record<ConnectorName, Connector>;
  configure: Widget;
}

type ConnectorName =
  | 'connectHierarchicalMenu'
  | 'connectHits'
  | 'connectMenu'
  | 'connectNumericMenu'
  | 'connectPagination'
  | 'connectRange'
  | 'connectRatingMenu'
  | 'connectRefinementList'
  | 'connectSearchBox'
  | 'connectSortBy'
  | 'connectToggleRefinement';

const PATIENCE_MS = 30_000;
const LOOK_MS = 2;
const LIMIT = 1_000;

/** What instantsearch.js asks a client of an engine for. */
export interface SearchClient {
  search(requests: unknown): Promise<unknown>;
  searchForFacetValues?(requests: unknown): Promise<unknown>;
}

/** A value as a widget shows it. */
export interface ShownValue {
  value: string;
  count: number;
  isRefined: boolean;
}
interface ShownLevel extends ShownValue {
  data: ShownLevel[] | null;
}

/** What the last rendering of each widget was given. */
export interface Shown {
  searchBox: { refine(query: string): void };
  hits: { items: ShownHit[]; results?: { nbHits: number; page: number; nbPages: number } };
  brand: { items: ShownValue[]; refine(value: string): void; searchForItems(text: string): void };
  color: { items: ShownValue[]; refine(value: string): void };
  category: { items: ShownLevel[]; refine(value: string): void };
  price: { range: { min?: number; max?: number }; refine(range: [number?, number?]): void };
  rating: { items: ShownValue[]; refine(value: string): void };
  inStock: { value: ShownValue & { onFacetValue: { count: number } }; refine(value: object): void };
  priceMenu: { items: { label: string; value: string }[]; refine(value: string): void };
  kind: { items: ShownValue[]; refine(value: string): void };
  sortBy: { refine(index: string): void };
  pagination: { refine(page: number): void; nbPages: number };
}

interface ShownHit {
  objectID: string;
  _highlightResult?: { name?: { value: string } };
}

/** A shop's page with twelve widgets, and who uses it. */
export interface Front {
  /** Always the same object. */
  readonly shown: Shown;
  readonly index: string;
  /** Does something on the page, and waits until all is shown that comes of it. */
  act(action: () => void): Promise<void>;
  /** Takes all that was chosen back, but for the text and the order. */
  clear(): void;
  /** Looks for values of brands; only that widget is rendered anew. */
  findBrands(beginning: string): Promise<void>;
}

/** The page in the window in which this runs. */
export class ShopFront implements Front {
  readonly shown = {} as Shown;
  private pending = 0;
  private renders = 0;
  private failures: Error[] = [];
  private readonly search: InstantSearch;

  constructor(
    client: SearchClient,
    readonly index: string,
    perPage: number,
    private readonly library: Library,
  ) {
    this.search = library.instantsearch({
      indexName: index,
      searchClient: this.counted(client),
      future: { preserveSharedStateOnUnmount: true },
    });
    this.search.on('render', () => (this.renders += 1));
    this.search.on('error', ({ error }) => this.failures.push(error));
    this.addWidgets(perPage);
  }

  async open(): Promise<void> {
    await this.act(() => this.search.start());
  }

  clear(): void {
    this.search.setUiState((state) => {
      const { query, sortBy } = state[this.index] ?? {};
      return { [this.index]: { ...(query ? { query } : {}), ...(sortBy ? { sortBy } : {}) } };
    });
  }

  close(): void {
    this.search.dispose();
  }

  async act(action: () => void): Promise<void> {
    const before = this.renders;
    action();
    await this.until(() => this.renders > before && this.search.status === 'idle');
  }

  async findBrands(beginning: string): Promise<void> {
    const before = this.shown.brand;
    before.searchForItems(beginning);
    await this.until(() => this.shown.brand !== before);
  }

  private async until(isShown: () => boolean): Promise<void> {
    const endsMs = performance.now() + PATIENCE_MS;
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      const failure = this.failures.shift();
      if (failure !== undefined) throw failure;
      if (this.pending === 0 && isShown()) return;
      if (performance.now() > endsMs) throw new Error(`the page hangs: ${this.search.status}`);
    }
  }

  private counted(client: SearchClient): SearchClient {
    const count = async <T>(work: PromiseLike<T>): Promise<T> => {
      this.pending += 1;
      try {
        return await work;
      } finally {
        this.pending -= 1;
      }
    };
    return {
      search: (requests) => count(client.search(requests)),
      ...(client.searchForFacetValues === undefined
        ? {}
        : {
            searchForFacetValues: (requests: unknown) =>
              count(client.searchForFacetValues?.(requests) ?? Promise.resolve()),
          }),
    };
  }

  private addWidgets(perPage: number): void {
    const { connectors, configure } = this.library;
    const keep = (name: keyof Shown) => (options: unknown) => {
      Object.assign(this.shown, { [name]: options });
    };
    this.search.addWidgets([
      configure({ hitsPerPage: perPage }),
      connectors.connectSearchBox(keep('searchBox'))({}),
      connectors.connectHits(keep('hits'))({}),
      connectors.connectRefinementList(keep('brand'))({
        attribute: 'brand',
        operator: 'or',
        limit: LIMIT,
      }),
      connectors.connectRefinementList(keep('color'))({
        attribute: 'color',
        operator: 'and',
        limit: LIMIT,
      }),
      connectors.connectHierarchicalMenu(keep('category'))({
        attributes: ['categories.lvl0', 'categories.lvl1'],
        limit: LIMIT,
      }),
      connectors.connectRange(keep('price'))({ attribute: 'price', precision: 2 }),
      connectors.connectRatingMenu(keep('rating'))({ attribute: 'rating', max: 5 }),
      connectors.connectToggleRefinement(keep('inStock'))({ attribute: 'in_stock', on: true }),
      connectors.connectNumericMenu(keep('priceMenu'))({
        attribute: 'price',
        items: [{ label: 'All' }, { label: 'cheap', end: 50 }, { label: 'dear', start: 50 }],
      }),
      connectors.connectMenu(keep('kind'))({ attribute: 'kind', limit: LIMIT }),
      connectors.connectSortBy(keep('sortBy'))({
        items: ['', '/sort/price:asc', '/sort/price:desc', '/sort/rating:desc'].map((sort) => ({
          value: this.index + sort,
          label: sort,
        })),
      }),
      connectors.connectPagination(keep('pagination'))({}),
    ]);
  }
}
