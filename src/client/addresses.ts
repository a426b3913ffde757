/** How long an address that failed is passed over, where it did not say. */
const REST_MS = 60_000;

interface Address {
  url: string;
  /** By `performance.now()`. */
  restsUntil: number;
}

/** Where the servers are, in the order in which they are preferred. One that failed rests for a while. */
export class Addresses {
  private readonly all: readonly Address[];

  /** Throws `TypeError` for what is no address of a server. */
  constructor(urls: readonly string[]) {
    if (urls.length === 0) throw new TypeError('addresses must name at least one server');
    this.all = urls.map((url) => ({ url: new URL(withSlash(url)).href, restsUntil: 0 }));
  }

  get count(): number {
    return this.all.length;
  }

  /**
   * The first that does not rest and is not among `tried`; undefined where there is none. With nothing
   * tried there always is one: where all rest, that whose rest ends first.
   */
  next(tried: ReadonlySet<string>): string | undefined {
    const now = performance.now();
    const awake = this.all.find(({ url, restsUntil }) => restsUntil <= now && !tried.has(url));
    if (awake !== undefined || tried.size > 0) return awake?.url;
    const ends = Math.min(...this.all.map(({ restsUntil }) => restsUntil));
    return this.all.find(({ restsUntil }) => restsUntil === ends)?.url;
  }

  rest(url: string, ms: number = REST_MS): void {
    for (const address of this.all) {
      if (address.url === url) address.restsUntil = performance.now() + ms;
    }
  }

  /** It answered: its rest is over, whatever it did before. */
  wake(url: string): void {
    this.rest(url, 0);
  }
}

/** Paths are appended to an address, which may have one of its own. */
function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}
