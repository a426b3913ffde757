import { createHash, randomUUID } from 'node:crypto';

/** Hex digits of a UUID that its version and variant leave to us at the beginning. */
const INTENT_DIGITS = 12;
const QUERY_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A query as it is counted: blanks and case tell no intent from another. */
export function intentText(text: string): string {
  return text.normalize('NFC').toLowerCase().trim().replace(/\s+/gu, ' ');
}

/** Under what a text is counted: 48 bits of its hash. */
export function intentOf(text: string): string {
  return createHash('sha256').update(intentText(text)).digest('hex').slice(0, INTENT_DIGITS);
}

/**
 * The name of one answered search: a UUID of version 8 (RFC 9562) that begins with its intent, so that every
 * node can count an event for the query, whichever answered it. Without a text it is random.
 */
export function newQueryId(text: string | undefined): string {
  const random = randomUUID();
  const intent = text === undefined ? undefined : intentOf(text);
  const start = intent === undefined ? random.slice(0, 13) : intent.replace(/^.{8}/, '$&-');
  return `${start}-8${random.slice(15)}`;
}

/** The intent that a query's id begins with; undefined where this is no such id. */
export function intentOfQuery(queryId: string): string | undefined {
  if (!QUERY_ID.test(queryId)) return undefined;
  return queryId.slice(0, 8) + queryId.slice(9, 13);
}
