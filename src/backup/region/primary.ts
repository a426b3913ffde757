import { OmniError, reasonOf, RETRY_AFTER_MS } from '../../core/errors.js';
import type { ToldKind } from '../../store/copies.js';
import {
  productsPageOf,
  type ChangesPosition,
  type ChangesReply,
  type ProductsPage,
  type RecordsPage,
} from './region-lines.js';

/** An answer is whole by then: a page of products over a slow line. */
const REQUEST_LIMIT_MS = 30_000;
/** Far beyond what a page has. */
const MAX_REPLY_BYTES = 64 * 1024 * 1024;

/** The deployment that a region follows, over HTTP. All reject `unavailable` where it is not to be had. */
export class Primary {
  private readonly base: string;

  /** @param key an admin key of it; undefined: it asks for none */
  constructor(
    url: string,
    private readonly key: string | undefined,
    private readonly limitMs = REQUEST_LIMIT_MS,
  ) {
    this.base = `${url.replace(/\/$/, '')}/admin/region/`;
  }

  async changes({ tenants, records }: ChangesPosition, signal: AbortSignal): Promise<ChangesReply> {
    return JSON.parse(await this.get('changes', { tenants, records }, signal)) as ChangesReply;
  }

  async records(
    kind: ToldKind,
    after: string | undefined,
    signal: AbortSignal,
  ): Promise<RecordsPage> {
    return JSON.parse(await this.get('records', { kind, after }, signal)) as RecordsPage;
  }

  async products(
    tenant: string,
    after: string | undefined,
    signal: AbortSignal,
  ): Promise<ProductsPage> {
    return productsPageOf(await this.get('products', { tenant, after }, signal));
  }

  private async get(
    path: string,
    query: Readonly<Record<string, string | number | undefined>>,
    signal: AbortSignal,
  ): Promise<string> {
    const url = new URL(path, this.base);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const authorization = this.key === undefined ? {} : { authorization: `Bearer ${this.key}` };
    const limit = AbortSignal.any([signal, AbortSignal.timeout(this.limitMs)]);
    let status: number;
    let text: string;
    try {
      const headers = { 'accept-encoding': 'gzip', ...authorization };
      const response = await fetch(url, { headers, signal: limit, redirect: 'error' });
      status = response.status;
      text = await boundedText(response);
    } catch (cause) {
      signal.throwIfAborted();
      const message = `the primary can not be reached: ${reasonOf(cause)}`;
      throw new OmniError('unavailable', message, { retryAfterMs: RETRY_AFTER_MS, cause });
    }
    if (status === 200) return text;
    const said = text.slice(0, 300);
    throw new OmniError('unavailable', `the primary answered ${status}: ${said}`);
  }
}

async function boundedText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  // The types of the web do not say that it can be walked through.
  for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > MAX_REPLY_BYTES) throw new Error(`more than ${MAX_REPLY_BYTES} characters`);
  }
  return text + decoder.decode();
}
