import { invalidField, type OmniError } from '../../../core/errors.js';

const SPACE = /\s/;

/** A value as it is written. */
export interface WrittenValue {
  text: string;
  /** In backticks: a text, whatever it looks like. */
  isQuoted: boolean;
}

/**
 * The text of a `filter_by`, read from left to right. Clients escape nothing, so a backtick within a
 * value is told from the one that ends it by what follows: see `closes`.
 */
export class FilterText {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly parameter: string,
  ) {}

  get isAtEnd(): boolean {
    this.skipSpace();
    return this.at >= this.text.length;
  }

  /** Whether `token` comes next; it is passed over then. */
  take(token: string): boolean {
    this.skipSpace();
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  /** Whether `token` comes next; nothing is passed over. */
  sees(token: string): boolean {
    this.skipSpace();
    return this.text.startsWith(token, this.at);
  }

  expected(what: string): OmniError {
    this.skipSpace();
    const rest = this.text.slice(this.at, this.at + 30);
    const place = rest === '' ? 'its end' : `${JSON.stringify(rest)} at ${this.at}`;
    return invalidField(this.parameter, `could not be parsed: expected ${what}, got ${place}`);
  }

  /** A field's name and the colon behind it. */
  field(): string {
    this.skipSpace();
    const end = this.text.indexOf(':', this.at);
    const name = end < 0 ? '' : this.text.slice(this.at, end).trim();
    if (name === '' || /&&|\|\|/.test(name)) throw this.expected('a field, a colon and a value');
    this.at = end + 1;
    return name;
  }

  /** A value that ends its clause. */
  value(): WrittenValue {
    if (this.take('`')) return this.quoted((at) => this.endsClause(at));
    const start = this.at;
    let open = 0;
    for (; this.at < this.text.length; this.at++) {
      const character = this.text[this.at];
      if (character === '(') open += 1;
      else if (character === ')' && open-- === 0) break;
      if (this.text.startsWith('&&', this.at) || this.text.startsWith('||', this.at)) break;
    }
    return this.bare(start);
  }

  /** The values between brackets, of which the first is passed over already. */
  list(): WrittenValue[] {
    if (this.take(']')) return [{ text: '', isQuoted: true }];
    const values: WrittenValue[] = [];
    for (;;) {
      values.push(this.element());
      if (this.take(']')) return values;
      if (!this.take(',')) throw this.expected('a comma or ]');
    }
  }

  private element(): WrittenValue {
    if (this.take('`')) return this.quoted((at) => this.endsElement(at));
    const start = this.at;
    while (this.at < this.text.length && !/[,\]]/.test(this.text[this.at] ?? '')) this.at++;
    return this.bare(start);
  }

  private bare(start: number): WrittenValue {
    const text = this.text.slice(start, this.at).trim();
    if (text === '') throw this.expected('a value');
    return { text, isQuoted: false };
  }

  private quoted(closes: (at: number) => boolean): WrittenValue {
    for (let end = this.at; end < this.text.length; end++) {
      if (this.text[end] !== '`' || !closes(end + 1)) continue;
      const text = this.text.slice(this.at, end);
      this.at = end + 1;
      return { text, isQuoted: true };
    }
    throw this.expected('a closing backtick');
  }

  /** A backtick before `at` closes a value of a list only where the list ends, or goes on with a value. */
  private endsElement(at: number): boolean {
    const next = this.afterSpace(at);
    if (this.text[next] === ']') return this.endsClause(next + 1);
    if (this.text[next] !== ',') return false;
    const value = this.afterSpace(next + 1);
    if (this.text[value] === '`') return true;
    return /^[^`,\]]+[,\]]/.test(this.text.slice(value));
  }

  /** A backtick before `at` closes a clause only before another one, a parenthesis that ends, or the end. */
  private endsClause(at: number): boolean {
    const next = this.afterSpace(at);
    if (next >= this.text.length || this.text[next] === ')') return true;
    return this.text.startsWith('&&', next) || this.text.startsWith('||', next);
  }

  private skipSpace(): void {
    this.at = this.afterSpace(this.at);
  }

  private afterSpace(at: number): number {
    let next = at;
    while (next < this.text.length && SPACE.test(this.text[next] ?? '')) next++;
    return next;
  }
}
