import { OmniError } from '../core/errors.js';

export type CatalogueFormat = 'ndjson' | 'json' | 'csv';

const BY_NAME: readonly (readonly [RegExp, CatalogueFormat])[] = [
  [/\.(ndjson|jsonl)(\.gz)?$/i, 'ndjson'],
  [/\.(csv|tsv)(\.gz)?$/i, 'csv'],
];

/**
 * The format of a catalogue file by its name, else by its first line. A `.json` file goes by its content too:
 * many hold a line a product. Throws `unsupported_media_type` for UTF-16, which is not read.
 */
export function catalogueFormat(path: string, head: Buffer): CatalogueFormat {
  if (/^(\xff\xfe|\xfe\xff)/.test(head.toString('latin1', 0, 2))) {
    throw new OmniError('unsupported_media_type', `${path} is UTF-16: save it as UTF-8`);
  }
  const named = BY_NAME.find(([pattern]) => pattern.test(path));
  if (named !== undefined) return named[1];
  const text = head.toString('utf8').trimStart();
  if (text.startsWith('{')) return isLineOfJson(text) ? 'ndjson' : 'json';
  const isJson = text.startsWith('[') || /\.json(\.gz)?$/i.test(path);
  return isJson ? 'json' : 'csv';
}

/** A line that ends as it began; an object laid out over several lines does not. */
function isLineOfJson(text: string): boolean {
  const [first = ''] = text.split('\n', 1);
  return first.length === text.length || first.trimEnd().endsWith('}');
}
