import { isObject } from '../../../core/json.js';
import type { JsonObject } from '../../../core/product.js';
import type { Admission } from '../../../tenancy/keys/key-ring.js';
import type { HttpPorts } from '../../ports.js';
import { admitDerived, notServed, secondsOf, type Restrictions } from '../derived-key.js';
import { parseFilterBy } from './filter-by.js';

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** The signature, how the secret begins, and what is signed. */
const FORM = /^([A-Za-z0-9+/]{43}=)(.{4})(\{.*\})$/s;

/**
 * Scoped keys of Typesense: base64 of signature, prefix and parameters (`Keys.generateScopedSearchKey` of its client).
 * Resolves with undefined for what has another form.
 */
export function admitScoped(
  keys: Pick<HttpPorts['keys'], 'admitSigned'>,
): (token: string) => Promise<Admission | undefined> {
  return async (token) => {
    const raw = BASE64.test(token) ? Buffer.from(token, 'base64').toString() : '';
    const [, signature, prefix, text] = FORM.exec(raw) ?? [];
    if (signature === undefined || prefix === undefined || text === undefined) return undefined;
    const signed = { text, signature, prefix, encoding: 'base64' } as const;
    return admitDerived(keys, signed, () => restrictionsOf(text));
  };
}

function restrictionsOf(text: string): Restrictions {
  const restrictions: Restrictions = {};
  for (const [name, value] of Object.entries(parametersOf(text))) {
    if (name === 'filter_by' && typeof value === 'string') {
      restrictions.filters = [parseFilterBy(value)];
    } else if (name === 'exclude_fields' && typeof value === 'string') {
      restrictions.exclude = namesOf(value);
    } else if (name === 'expires_at') {
      restrictions.expiresAt = secondsOf(value, name);
    } else if (name === 'limit_hits') {
      restrictions.limits = { max_page_depth: secondsOf(value, name) };
    } else throw notServed(name);
  }
  return restrictions;
}

function parametersOf(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // As below.
  }
  throw notServed('what is no JSON');
}

function namesOf(list: string): string[] {
  return list.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
}
