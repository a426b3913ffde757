import { decodeHTMLStrict } from 'entities/lib/decode.js';

/** Elements that are part of a line: their tags separate no words. */
const INLINE = new Set(
  (
    'a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd label mark nobr q s samp ' +
    'small span strike strong sub sup tt u var wbr'
  ).split(' '),
);

/** All other elements of HTML, past and present: whatever else follows a `<` is the shop's text. */
const BLOCK = new Set(
  (
    'address area article aside audio base basefont blockquote body br button canvas caption ' +
    'center circle col colgroup data datalist dd defs details dialog dir div dl dt ellipse embed ' +
    'fieldset figcaption figure footer form frame frameset g h1 h2 h3 h4 h5 h6 head header hgroup ' +
    'hr html iframe img input legend li line link main map math menu meta meter nav noframes ' +
    'noscript object ol optgroup option output p param path picture polygon polyline pre progress ' +
    'rect rp rt ruby script section select slot source style summary svg table tbody td template ' +
    'text textarea tfoot th thead time title tr track ul use video'
  ).split(' '),
);

/** Their content is code, not words. */
const RAW = new Set(['script', 'style']);

const TAG_NAME = /\/?([a-z][a-z0-9]*(?::[a-z][a-z0-9]*)?)(?=[\s/>])/iy;
const IN_TAG = /[<>]|=\s*["']/g;
/** A picture written into the text itself. */
const INLINE_DATA = /data:[\w.+-]+\/[\w.+-]+;base64,[A-Za-z0-9+/=]+/g;

/**
 * The words of HTML, white space folded; stops once there are `characters` of them or more. Only what
 * is a whole tag of a real element counts as one, so that `<AWG 12` stays; content of CDATA is
 * text like any other. Linear in the length of `html`, whatever it holds.
 */
export function htmlText(html: string, characters: number): string {
  const source = html.includes(';base64,') ? html.replace(INLINE_DATA, ' ') : html;
  const text = new FoldedText(characters);
  const scan = new Scan(source);
  let at = 0;
  while (at < source.length && !text.isFull) {
    const open = source.indexOf('<', at);
    text.add(source.slice(at, open === -1 ? undefined : open));
    if (open === -1) break;
    const markup = markupAt(scan, open);
    if (markup === undefined) text.add('<');
    else if (markup.separates) text.add(' ');
    at = markup?.end ?? open + 1;
  }
  return text.taken();
}

interface Markup {
  /** Where the text goes on. */
  end: number;
  /** The words before and after it are two. */
  separates: boolean;
}

/** Looks ahead; what was once not found is not looked for again, or many of it would be quadratic. */
class Scan {
  private readonly absent = new Set<string>();

  constructor(readonly source: string) {}

  /** Where `text` comes at or after `from`, as `indexOf`. Callers only ever go forward. */
  find(text: string, from: number): number {
    if (this.absent.has(text)) return -1;
    const found = this.source.indexOf(text, from);
    if (found === -1) this.absent.add(text);
    return found;
  }
}

/** What begins with the `<` at `open`; undefined when it is a mere character. */
function markupAt(scan: Scan, open: number): Markup | undefined {
  const { source } = scan;
  const next = source[open + 1];
  if (next === '!' || next === '?') return declarationAt(scan, open);
  TAG_NAME.lastIndex = open + 1;
  const name = TAG_NAME.exec(source)?.[1]?.toLowerCase();
  if (name === undefined) return undefined;
  // Names with a colon are those of Word and of SVG.
  if (!INLINE.has(name) && !BLOCK.has(name) && !name.includes(':')) return undefined;
  const end = endOfTag(scan, TAG_NAME.lastIndex);
  if (end === undefined) return undefined;
  const isOpening = next !== '/';
  return {
    end: isOpening && RAW.has(name) ? endOfRaw(source, end, name) : end,
    separates: !INLINE.has(name),
  };
}

function declarationAt(scan: Scan, open: number): Markup | undefined {
  const { source } = scan;
  if (source.startsWith('<![CDATA[', open)) return { end: open + 9, separates: true };
  if (source.startsWith('<!--', open)) {
    const close = scan.find('-->', open + 4);
    // Left open it would take all words after it along.
    return { end: close === -1 ? open + 4 : close + 3, separates: true };
  }
  if (!/[a-z]/i.test(source[open + 2] ?? '')) return undefined;
  const close = scan.find('>', open);
  return close === -1 ? undefined : { end: close + 1, separates: true };
}

/** Past the tag's `>`, which is none inside a quoted value; undefined when another `<` comes first. */
function endOfTag(scan: Scan, from: number): number | undefined {
  let at = from;
  for (;;) {
    IN_TAG.lastIndex = at;
    const found = IN_TAG.exec(scan.source)?.[0];
    if (found === undefined || found === '<') return undefined;
    if (found === '>') return IN_TAG.lastIndex;
    const close = scan.find(found.slice(-1), IN_TAG.lastIndex);
    // A quote that is never closed is none.
    at = close === -1 ? IN_TAG.lastIndex : close + 1;
  }
}

function endOfRaw(source: string, from: number, name: string): number {
  const closing = new RegExp(`</${name}[\\s/>]`, 'gi');
  closing.lastIndex = from;
  return closing.exec(source)?.index ?? source.length;
}

/** Text that is put together piece by piece, runs of white space as one space. */
class FoldedText {
  private text = '';
  private wantsSpace = false;

  constructor(private readonly characters: number) {}

  get isFull(): boolean {
    return this.text.length >= this.characters;
  }

  /** Adds `raw` with its character references decoded. */
  add(raw: string): void {
    if (raw === '') return;
    const decoded = raw.includes('&') ? decodeHTMLStrict(raw) : raw;
    // The end of CDATA is markup as well; nobody writes it as text.
    const folded = decoded.replaceAll(']]>', ' ').replace(/\s+/g, ' ');
    const words = folded.trim();
    if (words !== '') {
      if ((this.wantsSpace || folded.startsWith(' ')) && this.text !== '') this.text += ' ';
      this.text += words;
      this.wantsSpace = false;
    }
    this.wantsSpace ||= folded.endsWith(' ');
  }

  taken(): string {
    return this.text;
  }
}
