import sax from 'sax';
import { OmniError } from '../core/errors.js';
import { tooLarge, type RejectedRow } from './catalogue-item.js';

/** An element directly in an item. */
export interface XmlField {
  /** With its prefix. */
  name: string;
  attributes: Readonly<Record<string, string>>;
  /** All text within. */
  text: string;
  /** Elements within, each with its text. */
  children: ReadonlyMap<string, string>;
}

export interface XmlItem {
  /** Where it begins. */
  line: number;
  fields: readonly XmlField[];
}

interface OpenField extends XmlField {
  depth: number;
  children: Map<string, string>;
}

interface OpenItem extends XmlItem {
  depth: number;
  bytes: number;
  fields: OpenField[];
  fault: string | undefined;
  /** Where items begin that are only text of this one, by something in it that is not closed. */
  swallowed: number[];
}

const FEEDS = new Set(['rss', 'feed', 'rdf:RDF']);
const ITEMS = new Set(['item', 'entry']);
const IDS = new Set(['g:id', 'id']);
const GOOGLE = /^https?:\/\/base\.google\.com\/c?ns\/1\.0\/?$/;
/** Of elements: in a file whose items are not closed each lies in the one before. */
const MAX_DEPTH = 1_000;

/**
 * The items of an RSS or Atom feed, as its text arrives. What is malformed within an item costs that item: the
 * parser is strict, and goes on behind it. Entities are those of XML and HTML: what a DOCTYPE declares is not
 * read, and nothing is fetched. Throws `unsupported_media_type` for XML that is no feed, `invalid_field` for
 * what is cut off, or not bounded.
 */
export class XmlItems {
  /** Of Google's names; `g` also where it was never declared. */
  readonly prefixes = new Set(['g']);
  private readonly parser = sax.parser(true, { position: true });
  private done: (XmlItem | RejectedRow)[] = [];
  private depth = 0;
  private item: OpenItem | undefined;
  private field: OpenField | undefined;
  private child: string | undefined;
  /** What the handlers cannot throw through the parser. */
  private failure: OmniError | undefined;
  private eventAt = 0;

  constructor(private readonly maxItemBytes: number) {
    const { parser } = this;
    parser.onopentag = ({ name, attributes }) => this.open(name, attributes as Attributes);
    parser.onattribute = ({ value }) => this.noteSwallowed(value);
    parser.ontext = (text) => this.read(text);
    parser.oncdata = (text) => this.read(text);
    parser.onclosetag = () => this.close();
    parser.oncomment = () => this.moveOn();
    parser.onerror = (error) => {
      const [what = ''] = error.message.split('\n', 1);
      if (this.item !== undefined) this.item.fault ??= `${what}, line ${this.line}`;
      parser.resume();
    };
  }

  /** The items that end in this piece of the text. */
  push(text: string): (XmlItem | RejectedRow)[] {
    this.parser.write(text);
    if (this.parser.position - this.eventAt > this.maxItemBytes) {
      this.failure ??= invalid(`from line ${this.line} on it has neither text nor elements`);
    }
    if (this.failure !== undefined) throw this.failure;
    const { done } = this;
    this.done = [];
    return done;
  }

  /** To be called at the end of the text. */
  end(): void {
    if (this.depth === 0) return;
    const item = this.item === undefined ? '' : `, in the item of line ${this.item.line}`;
    throw invalid(`it is cut off at line ${this.line}${item}`);
  }

  private get line(): number {
    return this.parser.line + 1;
  }

  private open(name: string, attributes: Attributes): void {
    this.moveOn();
    if (this.depth === 0 && !FEEDS.has(name)) this.failure ??= notAFeed(name);
    this.depth += 1;
    if (this.depth > MAX_DEPTH)
      this.failure ??= invalid(`elements lie in each other, line ${this.line}`);
    if (ITEMS.has(name)) this.begin();
    else if (this.field !== undefined) this.child ??= name;
    else if (this.item !== undefined) {
      this.field = { name, attributes, text: '', children: new Map(), depth: this.depth };
    } else this.notePrefixes(attributes);
  }

  private begin(): void {
    if (this.item !== undefined) {
      this.item.fault ??= 'Not closed before the next item begins';
      this.finish(this.item);
    }
    const { line, depth } = this;
    this.item = { line, depth, bytes: 0, fields: [], fault: undefined, swallowed: [] };
  }

  private read(text: string): void {
    this.moveOn();
    const { item, field, child } = this;
    if (item === undefined) return;
    item.bytes += text.length;
    if (field === undefined) return;
    this.noteSwallowed(text);
    if (text.includes('\ufffd')) item.fault ??= 'A character that cannot be read';
    if (item.bytes > this.maxItemBytes) return;
    field.text += text;
    if (child !== undefined) field.children.set(child, (field.children.get(child) ?? '') + text);
  }

  private close(): void {
    this.moveOn();
    const { item, field } = this;
    if (field !== undefined && field.depth >= this.depth) {
      item?.fields.push(field);
      this.field = undefined;
      this.child = undefined;
    } else if (field !== undefined && field.depth + 1 === this.depth) this.child = undefined;
    if (item !== undefined && item.depth >= this.depth) this.finish(item);
    this.depth -= 1;
  }

  private finish(item: OpenItem): void {
    const { line, fields, bytes, fault, swallowed } = item;
    if (bytes > this.maxItemBytes) {
      this.done.push(tooLarge(line, 'an item', bytes, this.maxItemBytes));
    } else if (fault === undefined && swallowed.length === 0) this.done.push({ line, fields });
    else {
      const id = fields.find(({ name }) => IDS.has(name))?.text.trim();
      const reject = malformed(line, fault ?? 'Something in it is not closed');
      this.done.push({ ...reject, ...(id !== undefined && { id }) });
    }
    for (const one of swallowed) {
      const message = `It lies in something that the item of line ${line} does not close`;
      this.done.push(malformed(one, message));
    }
    this.item = undefined;
    this.field = undefined;
    this.child = undefined;
  }

  /** A quote or a CDATA section that is not closed makes text of the items behind it. */
  private noteSwallowed(text: string): void {
    this.moveOn();
    const { item } = this;
    if (item === undefined || !text.includes('<')) return;
    for (const { index } of text.matchAll(/<(?:item|entry)[\s>]/g)) {
      item.swallowed.push(this.line - (text.slice(index).split('\n').length - 1));
    }
  }

  private notePrefixes(attributes: Attributes): void {
    for (const [name, uri] of Object.entries(attributes)) {
      const isGoogle = name.startsWith('xmlns:') && GOOGLE.test(uri);
      if (isGoogle) this.prefixes.add(name.slice('xmlns:'.length));
    }
  }

  private moveOn(): void {
    this.eventAt = this.parser.position;
  }
}

type Attributes = Record<string, string>;

function malformed(line: number, what: string): RejectedRow {
  return { line, code: 'invalid_xml', message: `not well-formed XML: ${what}` };
}

function invalid(what: string): OmniError {
  return new OmniError('invalid_field', `the XML cannot be read to its end: ${what}`);
}

function notAFeed(root: string): OmniError {
  const what = `the file is XML of <${root.slice(0, 60)}>`;
  return new OmniError(
    'unsupported_media_type',
    `${what}; read are feeds of Google Merchant, RSS 2.0 or Atom`,
  );
}
