import { OmniSearchError } from '../../client/errors.js';
import { digest } from '../../core/ids.js';
import { isObject } from '../../core/json.js';
import type { JsonObject } from '../../core/product.js';
import { WALKER_HEADER, type Handover } from '../../tenancy/handover.js';
import { ExportClient } from '../backup/export-client.js';
import { RestoreClient } from '../backup/restore-client.js';
import { Deployment } from '../move/deployment.js';

const CONFLICT = 409;

/** A hit as far as two answers are compared. */
interface ComparedHit {
  id: string;
  score: number;
}

/** An OmniSearch with all of its tenants, as a command that hands it over sees it. Rejects `OmniSearchError`. */
export class Installation extends Deployment {
  /** For what is asked before it listens to the command, as these exports are. */
  readonly unbegun: Deployment;
  readonly exports: ExportClient;
  private readonly copied: ExportClient;
  readonly restores: RestoreClient;

  /** @param walker named in all requests: by it the installation knows who fills it */
  constructor(
    url: string,
    adminKey: string | undefined,
    readonly walker: string,
  ) {
    const headers = { [WALKER_HEADER]: walker };
    super(url, adminKey, headers);
    this.unbegun = new Deployment(url, adminKey);
    this.exports = new ExportClient({ url, adminKey });
    this.copied = new ExportClient({ url, adminKey }, headers);
    this.restores = new RestoreClient({ url, adminKey }, headers);
  }

  /** Its record of the handover; revision 0: it has none. `isOurs`: no other command has begun since. */
  async handover(): Promise<{ handover: Handover | undefined; revision: number; isOurs: boolean }> {
    const { handover, revision } = (await this.call({ method: 'GET', path: 'admin/handover' })) as {
      handover: Handover | null;
      revision: number;
    };
    const isOurs = handover?.walker === digest(this.walker);
    return { handover: handover ?? undefined, revision, isOurs };
  }

  /** Compare-and-set: undefined, and nothing done, where it is not at `revision` any more. */
  async putHandover(
    handover: Omit<Handover, 'walker'> | undefined,
    revision: number,
  ): Promise<number | undefined> {
    const record = handover === undefined ? null : { ...handover, walker: this.walker };
    const body = { json: { revision, handover: record } };
    try {
      const put = await this.call({ method: 'PUT', path: 'admin/handover', body });
      return (put as { revision: number }).revision;
    } catch (error) {
      if (error instanceof OmniSearchError && error.status === CONFLICT) return undefined;
      throw error;
    }
  }

  /** All records that a backup has, by kind and id. */
  async records(
    signal?: AbortSignal,
  ): Promise<Map<string, { kind: string; id: string; value: JsonObject }>> {
    const all = new Map<string, { kind: string; id: string; value: JsonObject }>();
    let cursor: string | undefined;
    do {
      const { text, end } = await this.copied.records(undefined, cursor, signal);
      for (const line of text.split('\n')) {
        if (line === '') continue;
        const { record } = JSON.parse(line) as { record?: JsonObject };
        if (record === undefined || !isObject(record['value'])) continue;
        const { kind, id, value } = record as { kind: string; id: string; value: JsonObject };
        all.set(`${kind}\n${id}`, { kind, id, value });
      }
      cursor = end.cursor ?? undefined;
    } while (cursor !== undefined);
    return all;
  }

  async dropPriceList(tenant: string, name: string, signal?: AbortSignal): Promise<void> {
    const path = `price-lists/${encodeURIComponent(name)}`;
    await this.call({ method: 'DELETE', path }, { tenant, signal }).catch((error: unknown) => {
      if (!(error instanceof OmniSearchError) || error.status !== 404) throw error;
    });
  }

  /** Titles of some products. */
  async titles(tenant: string, count: number): Promise<string[]> {
    const json = { browse: true, top_k: count, fields: ['title'], timeout_ms: 10_000 };
    const path = 'search/text';
    const reply = (await this.call({ method: 'POST', path, body: { json } }, { tenant })) as {
      hits: { product: { title: string } }[];
    };
    return reply.hits.map(({ product }) => product.title);
  }

  /** The first hits of an exhaustive search. */
  async answer(tenant: string, query: string): Promise<ComparedHit[]> {
    const json = { query, exact: true, top_k: 10, fields: ['title'], timeout_ms: 10_000 };
    const path = 'search/text';
    const reply = (await this.call({ method: 'POST', path, body: { json } }, { tenant })) as {
      hits: ComparedHit[];
    };
    return reply.hits.map(({ id, score }) => ({ id, score }));
  }
}
