import type { Filter } from './wire.js';

/** A search key, as `POST /keys` has answered it. */
export interface ParentKey {
  id: string;
  secret: string;
  generation: number;
}

/** What a browser key leaves of what its search key may; what is absent stays as it is. */
export interface BrowserKeyOptions {
  /** Epoch seconds. */
  expiresAt: number;
  tenant?: string | undefined;
  /** Holds besides that of the search key. */
  filter?: Filter | undefined;
  /** Fields that are never shown, besides those of the search key. */
  exclude?: readonly string[] | undefined;
  limits?: BrowserKeyLimits | undefined;
  /** The list whose prices hold, where the search key has none of its own. */
  priceList?: string | undefined;
}

/** Those of the search key hold, too. */
export interface BrowserKeyLimits {
  searches_per_s?: number;
  burst?: number;
  per_ip_per_minute?: number;
  max_top_k?: number;
  max_page_depth?: number;
  /** False: no exact searches. */
  exact?: boolean;
}

/**
 * A key for a shop's page, made of a search key without asking anybody. For a shop's own server: whoever has the
 * secret can make any. It ends by itself, or when the search key's generation is raised.
 */
export async function browserKey(
  { id, secret, generation }: ParentKey,
  { expiresAt, priceList, ...narrower }: BrowserKeyOptions,
): Promise<string> {
  const claims = { exp: expiresAt, ...narrower, price_list: priceList };
  const payload = JSON.stringify({ k: id, g: generation, ...claims });
  const text = `os1.${base64url(bytesOf(payload))}`;
  const from = await crypto.subtle.importKey('raw', bytesOf(secret), 'HKDF', false, ['deriveKey']);
  const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: bytesOf('search') };
  const hmac = { name: 'HMAC', hash: 'SHA-256', length: 256 };
  const key = await crypto.subtle.deriveKey(hkdf, from, hmac, false, ['sign']);
  const signature = await crypto.subtle.sign('HMAC', key, bytesOf(text));
  return `${text}.${base64url(new Uint8Array(signature))}`;
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function base64url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
