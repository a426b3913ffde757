import { OmniSearchError } from '../client/errors.js';
import { Transport } from '../client/transport.js';
import type { Config } from '../config/settings.js';
import { pagesOf } from './api-pages.js';

/** As `GET /tenants/{id}` has it; `usage` is not in lists. */
export interface TenantBody {
  id: string;
  state: string;
  plan: string | null;
  limits: Record<string, number>;
  /** Where it is; null: where it was asked for. */
  deployment: { name: string; url: string } | null;
  created_at: string | null;
  dedicated?: { shards: number; nodes: string[]; missing: number };
  usage?: { products: number; categories: number; fields: number; bytes: number };
}

/** What of a tenant is to be another. */
export interface TenantChangeBody {
  state?: 'active' | 'read_only' | 'suspended';
  plan?: string | null;
  limits?: Record<string, number>;
  deployment?: { name: string; url: string } | null;
  settings_from?: string;
}

interface TenantsPage {
  tenants: TenantBody[];
  next_cursor?: string;
}

const TIMES = { timeoutMs: 60_000, attemptTimeoutMs: 30_000 };
const NOT_FOUND = 404;

/** The routes of `/tenants`. Rejects `OmniSearchError`, or the signal's reason. */
export class TenantsClient {
  private readonly transport: Transport;

  /** @param headers sent with each request besides */
  constructor(
    { url, adminKey }: Pick<Config, 'url' | 'adminKey'>,
    headers: Readonly<Record<string, string>> = {},
  ) {
    this.transport = new Transport({ addresses: [url], apiKey: adminKey, headers, ...TIMES });
  }

  async list(): Promise<TenantBody[]> {
    const all: TenantBody[] = [];
    const pages = pagesOf(async (cursor) => {
      const call = { method: 'GET', path: 'tenants', query: { cursor }, twice: 'nothing' } as const;
      return (await this.transport.call(call)) as TenantsPage;
    });
    for await (const { tenants } of pages) all.push(...tenants);
    return all;
  }

  /** Undefined where there is no such tenant. */
  async find(id: string, signal?: AbortSignal): Promise<TenantBody | undefined> {
    try {
      const call = { method: 'GET', path: pathOf(id), twice: 'nothing' } as const;
      return (await this.transport.call(call, { signal })) as TenantBody;
    } catch (error) {
      if (error instanceof OmniSearchError && error.status === NOT_FOUND) return undefined;
      throw error;
    }
  }

  async put(id: string, change: TenantChangeBody): Promise<TenantBody> {
    const body = { json: change };
    const call = { method: 'PUT', path: pathOf(id), body, twice: 'nothing' } as const;
    return (await this.transport.call(call)) as TenantBody;
  }

  /**
   * @param asked.moved it is elsewhere: its record stays, and says where
   * @param asked.keep_keys keys are for it still
   */
  async drop(
    id: string,
    query: { moved?: true; keep_keys?: true } = {},
    signal?: AbortSignal,
  ): Promise<TenantBody> {
    const call = { method: 'DELETE', path: pathOf(id), query, twice: 'nothing' } as const;
    return (await this.transport.call(call, { signal })) as TenantBody;
  }
}

function pathOf(id: string): string {
  return `tenants/${encodeURIComponent(id)}`;
}
