import type { ColumnReport } from '../../catalogue-files/column-report.js';

/** Of columns that nothing is made of; an export may have hundreds. */
const SHOWN_COLUMNS = 12;

/**
 * What a file's columns were taken for, for a person:
 *
 *   shop.csv: Google Merchant
 *     url ← link
 *     category, categories ← product_type, google_product_category
 *     as they are: id, title, price
 *     left out (--map OURS=THEIRS takes one): shipping
 *     no column for: category (--map category=COLUMN)
 */
export function columnLines(file: string, { title, columns, missing }: ColumnReport): string[] {
  const sources = new Map<string, string[]>();
  for (const { column, fields } of columns) {
    const ours = fields.join(', ');
    sources.set(ours, [...(sources.get(ours) ?? []), column]);
  }
  const out = sources.get('') ?? [];
  const isSame = ([ours, theirs]: [string, string[]]): boolean =>
    theirs.length === 1 && theirs[0] === ours;
  const named = [...sources].filter(([ours]) => ours !== '');
  const same = named.filter(isSame).map(([ours]) => ours);
  const changed = named.filter((one) => !isSame(one));
  return [
    `${file}: ${title}`,
    ...changed.map(([ours, theirs]) => `  ${ours} ← ${theirs.join(', ')}`),
    ...(same.length === 0 ? [] : [`  as they are: ${listed(same)}`]),
    ...(out.length === 0 ? [] : [`  left out (--map OURS=THEIRS takes one): ${listed(out)}`]),
    ...missing.map((field) => `  no column for: ${field} (--map ${field}=COLUMN)`),
  ];
}

function listed(names: readonly string[]): string {
  const more = names.length - SHOWN_COLUMNS;
  const shown = names.slice(0, SHOWN_COLUMNS).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}
