import { OmniError } from '../core/errors.js';
import { isBlank } from '../core/json-slices.js';
import type { CatalogueFormat } from './catalogue-format.js';

/** As much of a page's title, or of a beginning, as a message shows. */
const SHOWN_CHARACTERS = 60;
const IN_WORDS: Record<CatalogueFormat, string> = {
  ndjson: 'JSON lines',
  json: 'JSON',
  csv: 'CSV',
  tsv: 'TSV',
  xml: 'XML',
};

/** Throws `unsupported_media_type` for a file that is something else than it is said to be, naming what it is. */
export function refuseForeign(format: CatalogueFormat, head: Buffer): void {
  const found = isBlank(head) ? undefined : foreignContent(format, head);
  if (found === undefined) return;
  throw new OmniError('unsupported_media_type', `the file is ${found}, no ${IN_WORDS[format]}`);
}

function foreignContent(format: CatalogueFormat, head: Buffer): string | undefined {
  const magic = head.toString('latin1', 0, 4);
  if (/^(\xff\xfe|\xfe\xff)/.test(magic)) return 'UTF-16 (save it as UTF-8)';
  if (magic.startsWith('PK\x03\x04')) {
    return 'a ZIP archive or an Excel workbook (save it as CSV in UTF-8)';
  }
  if (magic.startsWith('%PDF')) return 'a PDF';
  const text = head.toString('utf8').trimStart();
  if (text.startsWith('<')) return markupIn(format, text);
  const isTable = format === 'csv' || format === 'tsv';
  if (isTable && /^(\{\s*["}]|\[\s*[\][{"\d])/.test(text)) return 'JSON';
  if (format !== 'xml') return undefined;
  return /^[[{]/.test(text) ? 'JSON' : `a text that begins ${excerpt(text)}`;
}

function markupIn(format: CatalogueFormat, text: string): string | undefined {
  if (/^(<!--[^]*?-->|<\?[^>]*>|\s)*<(!doctype\s+html|html|head|body)\b/i.test(text)) {
    const [, title = ''] = /<title[^>]*>([^<]*)/i.exec(text) ?? [];
    return `an HTML page${title.trim() === '' ? '' : `, ${excerpt(title.trim())}`}`;
  }
  return format === 'xml' ? undefined : 'XML';
}

function excerpt(text: string): string {
  const [line = ''] = text.split(/[\r\n]/, 1);
  return JSON.stringify(line.slice(0, SHOWN_CHARACTERS));
}
