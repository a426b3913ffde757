/** Our field = the file's, as `--map` gives them. */
export type FieldPairs = readonly (readonly [string, string])[];

/** Fields of this beginning lie inside the object `attributes`. */
export const ATTRIBUTES = 'attributes.';

/**
 * The renaming of `--map ours=theirs`: gives a file's row our field names. A row that lacks the file's
 * field keeps what it has under ours; where it has both, the mapped one wins.
 */
export class FieldMap {
  private readonly met = new Set<string>();

  constructor(readonly pairs: FieldPairs) {}

  /** The row's fields under our names, `attributes.NAME` among them as it is. */
  renamed(row: object): [string, unknown][] {
    const mapped = this.pairs.filter(([, theirs]) => Object.hasOwn(row, theirs));
    for (const [, theirs] of mapped) this.met.add(theirs);
    const gone = new Set(mapped.flat());
    const values = new Map<string, unknown>(Object.entries(row));
    const kept = [...values].filter(([name]) => !gone.has(name));
    return [
      ...kept,
      ...mapped.map(([ours, theirs]) => [ours, values.get(theirs)] as [string, unknown]),
    ];
  }

  /** The row as a product: what was renamed to `attributes.NAME` is put into `attributes`. */
  product(row: object): object {
    const ours = new Set(this.pairs.map(([name]) => name));
    const isAttribute = ([name]: [string, unknown]): boolean =>
      name.startsWith(ATTRIBUTES) && ours.has(name);
    const fields = this.renamed(row);
    // fromEntries defines properties, so that `__proto__` stays an ordinary key.
    const product = Object.fromEntries(fields.filter((field) => !isAttribute(field)));
    const added = fields.filter(isAttribute);
    if (added.length === 0) return product;
    const { attributes } = product;
    const own = typeof attributes === 'object' && attributes !== null ? attributes : {};
    product['attributes'] = Object.fromEntries<unknown>([
      ...Object.entries(own),
      ...added.map(([name, value]) => [name.slice(ATTRIBUTES.length), value] as const),
    ]);
    return product;
  }

  /** Pairs whose field was in no row so far. */
  unmet(): FieldPairs {
    return this.pairs.filter(([, theirs]) => !this.met.has(theirs));
  }
}
