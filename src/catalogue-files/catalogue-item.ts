import type { ErrorCode } from '../core/errors.js';

/** A row to send, as one line of NDJSON. */
export interface CatalogueRow {
  /** Physical line from 1; in a JSON array the position from 1. */
  line: number;
  text: string;
}

/** A row that cannot be sent. */
export interface RejectedRow {
  line: number;
  id?: string;
  field?: string;
  code: ErrorCode | 'invalid_csv' | 'invalid_xml';
  message: string;
}

export type CatalogueItem = CatalogueRow | RejectedRow;

export function tooLarge(line: number, what: string, bytes: number, maxBytes: number): RejectedRow {
  const message = `${what} may have at most ${maxBytes} bytes, this one has ${bytes}`;
  return { line, code: 'too_large', message };
}
