import { SERVING_SETTINGS } from '../../config/serving-settings.js';
import { OmniError } from '../../core/errors.js';
import { isObject } from '../../core/json.js';
import type { JsonValue } from '../../core/product.js';
import { productTooLarge } from '../../ingest/incoming-row.js';
import { parseJson } from '../../ingest/parse-json.js';
import { idOfRow, validateRow } from '../../ingest/validate-product.js';
import type { RejectedRow } from '../../catalogue-files/catalogue-item.js';
import type { Exchange } from './batch-sender.js';

const MAX_BYTES = SERVING_SETTINGS.maxProductBytes.default;

/**
 * Judges a batch by the server's own rules, without a server. What only that knows is not checked: the
 * length of its vectors, settings that are not the default, and which rows would change nothing.
 */
export const checkOnly: Exchange = (batch) => {
  const rejected = batch.rows.flatMap(({ text }, i) => rejection(i + 1, Buffer.from(text)) ?? []);
  const accepted = batch.rows.length - rejected.length;
  const counts = { accepted, unchanged: 0, stale: 0, rejected_count: rejected.length, rejected };
  return Promise.resolve(counts);
};

function rejection(line: number, bytes: Buffer): RejectedRow | undefined {
  let value: JsonValue = null;
  try {
    if (bytes.length > MAX_BYTES) throw productTooLarge(bytes.length, MAX_BYTES);
    value = parseJson(bytes);
    validateRow(value, { dimensions: vectorLength(value), vectorRequired: false });
    return undefined;
  } catch (error) {
    if (!(error instanceof OmniError)) throw error;
    const { code, field, message } = error;
    const id = idOfRow(value);
    return {
      line,
      ...(id !== undefined && { id }),
      ...(field !== undefined && { field }),
      code,
      message,
    };
  }
}

function vectorLength(value: JsonValue): number {
  const vector = isObject(value) ? value['vector'] : undefined;
  return Array.isArray(vector) ? vector.length : 0;
}
