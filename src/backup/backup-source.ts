import type { ExportHead } from './export-desk.js';
import type { PageEnd } from './lines.js';

/** A page of an export. */
export interface Page {
  /** Its lines, without its end. */
  text: string;
  end: PageEnd['end'];
}

/** What a backup is taken of: a server, asked for one page after the other. */
export interface BackupSource {
  head(): Promise<ExportHead>;
  products(tenant: string, from: { cursor?: string; since?: string }): Promise<Page>;
  records(tenant: string | undefined, cursor: string | undefined): Promise<Page>;
}

/** A page off the wire; undefined where it broke off before its end. */
export function pageOf(text: string): Page | undefined {
  const start = text.lastIndexOf('\n', text.length - 2) + 1;
  const last = text.slice(start);
  if (!last.startsWith('{"end":') || !last.endsWith('\n')) return undefined;
  return { text: text.slice(0, start), end: (JSON.parse(last) as PageEnd).end };
}
