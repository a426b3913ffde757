export type CatalogueFormat = 'ndjson' | 'json' | 'csv' | 'tsv' | 'xml';

const BY_NAME: readonly (readonly [RegExp, CatalogueFormat])[] = [
  [/\.(ndjson|jsonl)(\.gz)?$/i, 'ndjson'],
  [/\.csv(\.gz)?$/i, 'csv'],
  [/\.tsv(\.gz)?$/i, 'tsv'],
  [/\.xml(\.gz)?$/i, 'xml'],
];

/**
 * The format of a catalogue file by its name, else by its beginning. A `.json` file goes by its content too:
 * many hold a line a product.
 */
export function catalogueFormat(path: string, head: Buffer): CatalogueFormat {
  const named = BY_NAME.find(([pattern]) => pattern.test(path));
  if (named !== undefined) return named[1];
  const text = head.toString('utf8').trimStart();
  if (text.startsWith('{')) return isLineOfJson(text) ? 'ndjson' : 'json';
  if (text.startsWith('[') || /\.json(\.gz)?$/i.test(path)) return 'json';
  return text.startsWith('<') ? 'xml' : 'csv';
}

/** A line that ends as it began; an object laid out over several lines does not. */
function isLineOfJson(text: string): boolean {
  const [first = ''] = text.split('\n', 1);
  return first.length === text.length || first.trimEnd().endsWith('}');
}
