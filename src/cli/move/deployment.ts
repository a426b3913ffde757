import { OmniSearchError } from '../../client/errors.js';
import { Transport, type Call, type CallOptions } from '../../client/transport.js';
import { pagesOf } from '../api-pages.js';
import { TenantsClient } from '../tenants-client.js';

const TIMES = { timeoutMs: 600_000, attemptTimeoutMs: 120_000, maxAttempts: 12 };
const NOT_FOUND = 404;
const DIGEST_BITS = 256;

/** The lines of an export. */
export interface ExportedLines {
  /** NDJSON, its end included. */
  text: string;
  /** Products and deletes. */
  rows: number;
  position: string;
  atEnd: boolean;
}

/** What a catalogue holds. */
export interface CatalogueSum {
  products: number;
  /** That are archived, and in no sum. */
  archived: number;
  /** The same for the same products, whatever their order. */
  digest: string;
}

interface Plan {
  deployment?: { name: string; url: string };
}

/** An OmniSearch that a tenant is moved from or to, and what of it a move asks for. Rejects `OmniSearchError`. */
export class Deployment {
  readonly tenants: TenantsClient;
  private readonly transport: Transport;

  constructor(
    readonly url: string,
    adminKey: string | undefined,
    /** Sent with each request besides. */
    headers: Readonly<Record<string, string>> = {},
  ) {
    this.transport = new Transport({ addresses: [url], apiKey: adminKey, headers, ...TIMES });
    this.tenants = new TenantsClient({ url, adminKey }, headers);
  }

  /** Which store it has: that of no other deployment. */
  async store(): Promise<string> {
    const head = await this.call({ method: 'GET', path: 'admin/export' });
    return (head as { store: string }).store;
  }

  /**
   * What changed after `after` (undefined: all).
   *
   * @param parts whether settings, rules and synonyms go with it, and keys
   */
  async export(
    tenant: string,
    after: string | undefined,
    parts: { shop: boolean; keys: boolean },
    signal?: AbortSignal,
  ): Promise<ExportedLines> {
    const query = { ...parts, after };
    const path = `${pathOf(tenant)}/export`;
    const call = { method: 'GET', path, query, reads: { isWhole } } as const;
    const text = (await this.call(call, { signal })) as string;
    const { position, at_end } = JSON.parse(lastLine(text)) as {
      position: string;
      at_end: boolean;
    };
    const rows = text.split('\n').filter((line) => /^\{"(product|op)":/.test(line)).length;
    return { text, rows, position, atEnd: at_end };
  }

  async import(tenant: string, ndjson: string, signal?: AbortSignal): Promise<void> {
    const path = `${pathOf(tenant)}/import`;
    await this.call({ method: 'POST', path, body: { ndjson } }, { signal });
  }

  /** Where the export goes on of which all until then is here; undefined: nothing is. */
  async importedUpTo(tenant: string): Promise<string | undefined> {
    const found = await this.found({ method: 'GET', path: `${pathOf(tenant)}/import` });
    return (found as { position: string | null } | undefined)?.position ?? undefined;
  }

  /** Of a tenant that nobody writes to meanwhile, with the position behind all of it. */
  async sum(
    tenant: string,
    signal?: AbortSignal,
  ): Promise<CatalogueSum & { position: string | undefined }> {
    let [products, archived, sum] = [0, 0, 0n];
    let after: string | undefined;
    for (let atEnd = false; !atEnd;) {
      const path = `${pathOf(tenant)}/digest`;
      const page = (await this.call({ method: 'GET', path, query: { after } }, { signal })) as {
        products: number;
        archived: number;
        digest: string;
        position: string;
        at_end: boolean;
      };
      products += page.products;
      archived += page.archived;
      sum = BigInt.asUintN(DIGEST_BITS, sum + BigInt(`0x${page.digest}`));
      [after, atEnd] = [page.position, page.at_end];
    }
    const digest = sum.toString(16).padStart(DIGEST_BITS / 4, '0');
    return { products, archived, digest, position: after };
  }

  /** Undefined where there is no such plan. */
  async plan(name: string): Promise<Plan | undefined> {
    const path = `plans/${encodeURIComponent(name)}`;
    const found = await this.found({ method: 'GET', path });
    if (found === undefined) return undefined;
    return Object.fromEntries(Object.entries(found as object).filter(([key]) => key !== 'name'));
  }

  async putPlan(name: string, plan: Plan): Promise<void> {
    const path = `plans/${encodeURIComponent(name)}`;
    await this.call({ method: 'PUT', path, body: { json: plan } });
  }

  /** Other names of tenants. */
  async aliases(): Promise<{ name: string; tenant: string }[]> {
    const all: { name: string; tenant: string }[] = [];
    const pages = pagesOf(async (cursor) => {
      const page = await this.call({ method: 'GET', path: 'aliases', query: { cursor } });
      return page as { aliases: { name: string; tenant: string }[]; next_cursor?: string };
    });
    for await (const { aliases } of pages) all.push(...aliases);
    return all;
  }

  async putAlias(name: string, tenant: string): Promise<void> {
    await this.call({ method: 'PUT', path: `aliases/${name}`, body: { json: { tenant } } });
  }

  /** How many products a search finds; undefined while it would not find all that there are. */
  async searchable(tenant: string): Promise<number | undefined> {
    const json = { browse: true, top_k: 1 };
    const options = { tenant };
    const asked = {
      method: 'POST',
      path: 'search/text',
      body: { json },
      twice: 'nothing',
    } as const;
    const reply = (await this.transport.call(asked, options)) as {
      partial: unknown;
      total: number;
    };
    return reply.partial === null ? reply.total : undefined;
  }

  /** Whether the tenant is not there for anybody who asks for its categories. */
  async isUnknown(tenant: string): Promise<boolean> {
    const call = { method: 'GET', path: 'categories', twice: 'nothing' } as const;
    try {
      await this.transport.call(call, { tenant });
      return false;
    } catch (error) {
      if (error instanceof OmniSearchError && error.status === NOT_FOUND) return true;
      throw error;
    }
  }

  private async found(call: Omit<Call, 'twice'>): Promise<unknown> {
    try {
      return await this.call(call);
    } catch (error) {
      if (error instanceof OmniSearchError && error.status === NOT_FOUND) return undefined;
      throw error;
    }
  }

  /** What does no harm when it is asked twice. */
  protected call(
    call: Omit<Call, 'twice'>,
    options: Pick<CallOptions, 'tenant' | 'signal'> = {},
  ): Promise<unknown> {
    return this.transport.call({ ...call, twice: 'nothing' }, options);
  }
}

function pathOf(tenant: string): string {
  return `tenants/${encodeURIComponent(tenant)}`;
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

/** Whether an export did not break off: its last line says where it goes on. */
function isWhole(text: string): boolean {
  return text.endsWith('\n') && lastLine(text).startsWith('{"position":');
}
