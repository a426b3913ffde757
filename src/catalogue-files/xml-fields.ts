import { ATTRIBUTES } from './field-map.js';
import type { RawRow, RawValue } from './layout.js';
import type { XmlField, XmlItem } from './xml-items.js';

/** An item as a row of a table. */
export interface FlatItem {
  line: number;
  cells: RawRow;
  /** Elements of elements, which a row has no place for. */
  groups: readonly string[];
}

/** Atom's words where they are others than Google's. */
const ATOM = new Map([
  ['summary', 'description'],
  ['content', 'description'],
]);

/**
 * An item's elements without Google's prefix. What has it goes before what has none; an element that is
 * repeated is a list; `product_detail` is an attribute, other groups (shipping, tax) are left out.
 */
export function flattened({ line, fields }: XmlItem, prefixes: ReadonlySet<string>): FlatItem {
  const google = new Map<string, string[]>();
  const others = new Map<string, string[]>();
  const groups: string[] = [];
  for (const field of fields) {
    const name = bareName(field.name, prefixes);
    if (name === undefined) add(others, ATOM.get(field.name) ?? field.name, textOf(field));
    else if (field.children.size === 0) add(google, name, field.text);
    else if (name === 'product_detail') {
      add(google, ATTRIBUTES + partOf(field, 'attribute_name'), partOf(field, 'attribute_value'));
    } else groups.push(name);
  }
  const cells = [...others, ...google].map(([name, values]) => [name, valueOf(values)] as const);
  return { line, cells: new Map(cells), groups };

  function partOf({ children }: XmlField, wanted: string): string {
    const part = [...children].find(([name]) => (bareName(name, prefixes) ?? name) === wanted);
    return part?.[1].trim() ?? '';
  }
}

/** Undefined for a name without one of Google's prefixes. */
function bareName(name: string, prefixes: ReadonlySet<string>): string | undefined {
  const [prefix = '', bare] = name.split(':', 2);
  return bare !== undefined && prefixes.has(prefix) ? bare : undefined;
}

/** Atom has a link's address in an attribute, and links that do not lead to the product. */
function textOf({ name, attributes, text }: XmlField): string {
  const { href, rel = 'alternate' } = attributes;
  if (name !== 'link' || href === undefined) return text;
  return rel === 'alternate' ? href : '';
}

function add(values: Map<string, string[]>, name: string, text: string): void {
  const value = text.trim();
  if (value === '' || name === ATTRIBUTES) return;
  values.set(name, [...(values.get(name) ?? []), value]);
}

function valueOf(values: readonly string[]): RawValue {
  const [first = ''] = values;
  return values.length === 1 ? first : values;
}
