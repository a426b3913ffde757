import { invalidField } from '../core/errors.js';
import type { FeedReading } from '../store/feed-pages.js';

/** Where an export goes on, as text: whoever was interrupted asks with it again, of any node. */

export function readingCursor({ position, goal, ...rest }: FeedReading): string {
  const [at, until] = [position && bytesText(position), bytesText(goal)];
  return textOf([at ?? null, until, rest.isFull, rest.isPastStart, rest.morePages]);
}

/** Throws `invalid_field`. */
export function readingOf(cursor: string): FeedReading {
  const [position, goal, isFull, isPastStart, morePages] = partsOf(cursor);
  if (typeof goal !== 'string' || typeof morePages !== 'number') throw invalidCursor();
  return {
    position: typeof position === 'string' ? Buffer.from(position, 'base64') : undefined,
    goal: Buffer.from(goal, 'base64'),
    isFull: isFull === true,
    isPastStart: isPastStart === true,
    isExhaustive: true,
    morePages,
  };
}

export function recordCursor(kind: string, after: string | undefined): string {
  return textOf([kind, after ?? null]);
}

/** Throws `invalid_field`. */
export function recordPlaceOf(cursor: string): { kind: string; after: string | undefined } {
  const [kind, after] = partsOf(cursor);
  if (typeof kind !== 'string') throw invalidCursor();
  return { kind, after: typeof after === 'string' ? after : undefined };
}

export function bytesText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function textOf(parts: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

function partsOf(cursor: string): unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(parts)) return parts;
  } catch {
    // As any other text that is none.
  }
  throw invalidCursor();
}

function invalidCursor(): Error {
  return invalidField('cursor', 'must be the cursor of a page before');
}
