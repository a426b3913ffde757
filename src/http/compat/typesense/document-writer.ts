import { randomUUID } from 'node:crypto';
import { OmniError, toOmniError } from '../../../core/errors.js';
import type { JsonObject, JsonValue } from '../../../core/product.js';
import type { Ingest, Writer } from '../../../ingest/ingest.js';
import type { Collection } from '../collections.js';
import { coerceDocument, type DirtyValues } from './coerce-document.js';
import { vectorField } from '../schema-fields.js';
import { toDocument, toProduct } from '../stored-document.js';

/** What is done with a document; `update` changes some fields of one that must be there. */
export const ACTIONS = ['create', 'upsert', 'update', 'emplace'] as const;
type WriteAction = (typeof ACTIONS)[number];

/** How the documents of one request are written. */
export interface WriteOptions {
  action: WriteAction;
  dirtyValues: DirtyValues;
  writer: Writer;
}

/** A row's document as it is written, or what is wrong with it. */
export type Written = { id: string; document: JsonObject } | OmniError;

/** Partial writes at once: each is a transaction of its own. */
const UPDATES_AT_ONCE = 16;

/** Documents into products, with a result for each. */
export class DocumentWriter {
  constructor(private readonly ingest: Ingest) {}

  /** One result a row, in order; rows of one id take effect in order. */
  async write(
    collection: Collection,
    rows: readonly (JsonObject | OmniError)[],
    options: WriteOptions,
  ): Promise<Written[]> {
    if (options.action === 'create' || options.action === 'upsert') {
      return this.replace(collection, rows, options);
    }
    const results: Written[] = [];
    for (let at = 0; at < rows.length; at += UPDATES_AT_ONCE) {
      const some = rows.slice(at, at + UPDATES_AT_ONCE);
      const work = some.map((row) => this.change(collection, row, options).catch(toOmniError));
      results.push(...(await Promise.all(work)));
    }
    return results;
  }

  /** Whole documents, in one batch. */
  private async replace(
    collection: Collection,
    rows: readonly (JsonObject | OmniError)[],
    { action, dirtyValues, writer }: WriteOptions,
  ): Promise<Written[]> {
    const { tenant, schema } = collection;
    const results = rows.map((row): Written => {
      if (row instanceof OmniError) return row;
      try {
        const document = coerceDocument(withId(row), schema, { dirtyValues, isWhole: true });
        return { id: toProduct(document, schema).id, document };
      } catch (error) {
        return toOmniError(error);
      }
    });
    const isNew = action === 'create';
    const incoming = results.flatMap((one, i) => {
      if (one instanceof OmniError) return [];
      return [{ line: i, bytes: 0, value: toProduct(one.document, schema), isNew }];
    });
    const report = await this.ingest.upsert(tenant, incoming, writer);
    const errors = new Map(report.rejected.map((one) => [one.line, asError(one)]));
    return results.map((one, i) => {
      if (one instanceof OmniError) return one;
      return errors.get(i) ?? report.failure ?? one;
    });
  }

  /** Some fields of a document; `emplace` makes it where it is not there. */
  private async change(
    collection: Collection,
    row: JsonObject | OmniError,
    options: WriteOptions,
  ): Promise<Written> {
    if (row instanceof OmniError) return row;
    const { id } = row;
    try {
      return await this.patch(collection, typeof id === 'string' ? id : '', row, options);
    } catch (error) {
      const isMissing = error instanceof OmniError && error.code === 'not_found';
      if (!isMissing || options.action !== 'emplace') throw error;
      const [made] = await this.replace(collection, [row], { ...options, action: 'upsert' });
      return made ?? toOmniError(undefined);
    }
  }

  /** Rejects `not_found`. */
  async patch(
    { tenant, schema }: Collection,
    id: string,
    changes: JsonObject,
    { dirtyValues, writer }: Omit<WriteOptions, 'action'>,
  ): Promise<{ id: string; document: JsonObject }> {
    const stored = await this.ingest.read(tenant, id, undefined);
    const typed = coerceDocument(changes, schema, { dirtyValues, isWhole: false });
    const product: JsonObject = toProduct({ ...toDocument(stored), ...typed, id }, schema);
    const changed = Object.keys(typed).filter((name) => name !== vectorField(schema)?.name);
    const names = [...changed, 'title', 'category', '_added', 'vector'];
    const patch = names.flatMap((name): [string, JsonValue][] => {
      const value = product[name];
      return name === 'vector' && value === undefined ? [] : [[name, value ?? null]];
    });
    await this.ingest.patch(tenant, id, Object.fromEntries(patch), writer);
    return { id, document: toDocument(await this.ingest.read(tenant, id, undefined)) };
  }
}

/** A document without an id gets one. */
function withId(document: JsonObject): JsonObject {
  return document['id'] === undefined ? { ...document, id: randomUUID() } : document;
}

function asError({ code, message, field }: Rejected): OmniError {
  return new OmniError(code, message, { field });
}

interface Rejected {
  code: OmniError['code'];
  message: string;
  field: string | undefined;
}
