import { expect, it } from 'vitest';
import { errorOf, read } from './reading.js';

const HTML = '<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head></html>';
const RSS = '<?xml version="1.0"?>\n<rss><item/></rss>\n';

it.each([
  ['csv', HTML, 'the file is an HTML page, "404 Not Found", no CSV'],
  ['xml', HTML, 'the file is an HTML page, "404 Not Found", no XML'],
  ['ndjson', '<html><body>Sorry</body></html>', 'the file is an HTML page, no JSON lines'],
  ['csv', RSS, 'the file is XML, no CSV'],
  ['tsv', RSS.replaceAll('\n', ''), 'the file is XML, no TSV'],
  ['json', RSS, 'the file is XML, no JSON'],
  ['csv', '{"id":"1","title":"a"}\n', 'the file is JSON, no CSV'],
  ['csv', '[\n{"id":"1"}]', 'the file is JSON, no CSV'],
  ['xml', '[{"id":"1"}]', 'the file is JSON, no XML'],
  ['xml', 'id,title\n1,a\n', 'the file is a text that begins "id,title", no XML'],
  ['csv', 'PK\x03\x04abc', 'the file is a ZIP archive or an Excel workbook'],
  ['csv', '%PDF-1.7\n', 'the file is a PDF, no CSV'],
  ['xml', ' \n', 'the file is empty'],
  ['tsv', '', 'the file is empty'],
  ['auto', '', 'the file is empty'],
] as const)('%s: %j is named for what it is', async (format, content, message) => {
  expect((await errorOf(read(content, { format }))).message).toContain(message);
});

it('UTF-16 is named, with what helps', async () => {
  const content = Buffer.from('\ufeffid,title', 'utf16le');
  expect((await errorOf(read(content))).message).toContain('UTF-16 (save it as UTF-8)');
});
