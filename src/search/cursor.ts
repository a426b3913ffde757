import { createHmac, timingSafeEqual } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { invalidField } from '../core/errors.js';
import type { After } from '../query/sort.js';
import type { TextQuery } from '../query/text-query.js';
import type { FoundHit } from './merge-hits.js';
import type { MissingPart } from './search-types.js';

/** Where a walk over all pages stands, with all that its beginning decided: so that it is of one set, in one order. */
export interface Walk {
  tenant: string;
  /** Of the request: a cursor goes on with the one that it came from. */
  request: string;
  /** Of rules and synonyms, and generation of the text settings: another one would make another order. */
  rules: string;
  generation: number;
  /** Rows that were written after the walk began have later versions. */
  until: number;
  /** Hits of the pages so far; absent in cursors of before they were counted. */
  given?: number;
  /** Epoch milliseconds. */
  issuedAtMs: number;
  /** The words with their statistics, and what is embedded; absent where no text is searched for. */
  text?: { words?: TextQuery; embedded?: string };
  /** As `ChosenSet`, hashes in base64. */
  set?: { required: readonly number[]; nearest: string; isNamed: boolean };
  /** Up to which price a product counts as cheap. */
  price?: number;
  /** What is left of the first hits, which are in an order of their own: 64-bit hashes in base64, in that order. */
  window: string;
  /** Where the others go on; absent: at the first. */
  after?: After;
}

/** A walk over all pages, as one of its requests finds it. */
export interface OpenWalk {
  /** Rows of later versions were written since it began. */
  until: number;
  /** Where it goes on; undefined: it begins. */
  at: Walk | undefined;
  /** Shards that have not applied yet what was written before it began. */
  missing: readonly MissingPart[];
}

/** What comes next in a walk: hits that are in an order of their own, then those behind a place in the order. */
export interface WalkPlace {
  window: readonly Pick<FoundHit, 'id'>[];
  after: Walk['after'];
}

/** A day: whoever walks on later begins anew. */
const MAX_AGE_MS = 24 * 60 * 60 * 1_000;
/** Of a token, in characters: it goes into addresses and logs. */
const MAX_CHARACTERS = 16 * 1024;
/** Of what it unpacks to. */
const MAX_BYTES = 256 * 1024;
const MAC_BYTES = 32;

/** As a token. Throws `invalid_field` for a walk that does not fit into one. */
export function sealCursor(walk: Walk, key: Uint8Array): string {
  const body = deflateRawSync(JSON.stringify(walk));
  const token = Buffer.concat([mac(body, key), body]).toString('base64url');
  if (token.length <= MAX_CHARACTERS) return token;
  throw invalidField(
    'cursor',
    'would be too long for this query: ask with fewer words, or by page',
  );
}

/**
 * What a token says. Throws `invalid_field` for one that was not made with this key, or is too old, or is of
 * another tenant or request.
 */
export function openCursor(
  token: string,
  key: Uint8Array,
  { tenant, request, nowMs }: { tenant: string; request: string; nowMs: number },
): Walk {
  const bytes = token.length > MAX_CHARACTERS ? Buffer.alloc(0) : Buffer.from(token, 'base64url');
  const body = bytes.subarray(MAC_BYTES);
  const isOurs = body.length > 0 && timingSafeEqual(bytes.subarray(0, MAC_BYTES), mac(body, key));
  if (!isOurs) throw invalidField('cursor', 'is not one that a reply had as next_cursor');
  const walk = JSON.parse(inflateRawSync(body, { maxOutputLength: MAX_BYTES }).toString()) as Walk;
  // No word of another tenant's.
  if (walk.tenant !== tenant) throw invalidField('cursor', 'is not one of this tenant');
  if (walk.request !== request) {
    throw invalidField(
      'cursor',
      'belongs to another request: all but page sizes must be as they were',
    );
  }
  if (nowMs - walk.issuedAtMs > MAX_AGE_MS) throw expired();
  return walk;
}

/** What a walk stands on is not there any more. */
export function expired(): Error {
  return invalidField('cursor', 'has expired: begin anew');
}

function mac(body: Uint8Array, key: Uint8Array): Buffer {
  return createHmac('sha256', key).update(body).digest();
}
