import type { JsonValue } from './product.js';

/** Values that nodes share and can do without: what one has computed the others need not. */
export interface SharedValues {
  /** Undefined where there is none, or none that comes in time. Never rejects. */
  get(key: string): Promise<Buffer | undefined>;
  /** Kept where there is room and somebody to keep it; nobody waits for it. */
  set(key: string, value: Buffer): void;
}

/** What stands under `key` as JSON; undefined also for what is none. */
export async function sharedJson(
  values: SharedValues,
  key: string,
): Promise<JsonValue | undefined> {
  const bytes = await values.get(key);
  try {
    return bytes && (JSON.parse(bytes.toString()) as JsonValue);
  } catch {
    return undefined;
  }
}
