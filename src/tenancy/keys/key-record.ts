import type { JsonObject } from '../../core/product.js';

/** Each may do what those before it may. */
export const KEY_KINDS = ['search', 'write', 'admin'] as const;
export type KeyKind = (typeof KEY_KINDS)[number];

/** Stands for all tenants, or all actions. */
export const ALL = '*';

export interface KeyLimits {
  searches_per_s?: number;
  burst?: number;
  per_ip_per_minute?: number;
  max_top_k?: number;
  /** from + top_k at most. */
  max_page_depth?: number;
  /** False: no exact searches. */
  exact?: boolean;
}

/** What is said of a key, and may be changed while its secret stays. */
export interface KeyTerms {
  /** Names of tenants or aliases; `*`: all. */
  tenants: string[];
  description?: string;
  /** Absent: all that its kind may do. Names as Typesense has them: `documents:search`, `documents:*`. */
  actions?: string[];
  /** In its wire form. */
  filter?: JsonObject;
  fields?: { exclude: string[] };
  limits?: KeyLimits;
  /** Pages that may use it; absent: all. */
  origins?: string[];
  price_list?: string;
  /** RFC 3339. */
  expires_at?: string;
  /** RFC 3339: since when; where it is there, the key lets nobody in. */
  disabled_at?: string;
}

/** One of the secrets that a key is known by. */
export interface StoredSecret {
  /** SHA-256 of it, base64url. */
  hash: string;
  created_at: string;
  /** RFC 3339; absent: for as long as the key has it. */
  expires_at?: string;
  /** Signs browser keys, sealed; search keys have it. */
  signing?: string;
  /** The secret itself, sealed; only where the key is `compatible`. */
  secret?: string;
  /** What it begins with, by which keys that were derived from it are found; where `secret` is. */
  prefix?: string;
}

/** A key as it is stored. */
export interface KeyRecord extends KeyTerms {
  id: string;
  kind: KeyKind;
  /** Of its browser keys: those of another are not valid. From 1, only grows. */
  generation: number;
  /** Its secret is kept, so that keys that clients of other engines derive from it can be verified. */
  compatible?: true;
  created_at: string;
  /** The newest first, two at most. */
  secrets: StoredSecret[];
}

/** A key on the wire: nothing that anybody could come in with. */
export interface KeyBody extends Omit<KeyRecord, 'secrets'> {
  secrets: { created_at: string; expires_at?: string }[];
}

export function keyBody({ secrets, ...record }: KeyRecord): KeyBody {
  return {
    ...record,
    secrets: secrets.map(({ created_at, expires_at }) => ({
      created_at,
      ...(expires_at === undefined ? {} : { expires_at }),
    })),
  };
}
