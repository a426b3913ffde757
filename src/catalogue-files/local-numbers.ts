/** An amount, and its currency (ISO 4217) where that was written beside it. */
export interface Price {
  amount: number;
  currency: string | undefined;
}

const EXAMPLE = 1_234.56;
/** Longer than any price, and short enough for an expression that goes back. */
const MAX_LENGTH = 64;
const ENOUGH_TO_GROUP = 1_234_567.8;
/** How the rest of the world writes what a locale does not: `US$`. */
const WORLD = 'en-001';
/** What may stand before the digits, the digits with all that may be among them, what may stand behind. */
const PRICE = /^([^\d.,+-]*)([+-]?[\d.,'’\s]*\d(?:e[+-]?\d+)?)(.*)$/isu;

/** Numbers and prices as people of a language write them: `1,234.56`, `1.234,56 €`, `1 234,56 €`. */
export class LocalNumbers {
  private readonly group: RegExp;
  private readonly number: RegExp;
  private readonly decimal: string;
  private signs: ReadonlyMap<string, string | undefined> | undefined;
  /** For the message about a text that is no number: what one looks like. */
  readonly expected: string;

  /** `locale` is one that `knowsLocale`. */
  constructor(private readonly locale: string) {
    const format = new Intl.NumberFormat(locale, { numberingSystem: 'latn' });
    const parts = format.formatToParts(ENOUGH_TO_GROUP);
    const mark = (type: string): string => parts.find((part) => part.type === type)?.value ?? '';
    this.decimal = mark('decimal');
    const group = groupPattern(mark('group'));
    const decimal = escaped(this.decimal);
    this.group = new RegExp(group, 'g');
    this.number = new RegExp(
      `^[+-]?(?:(?:\\d+|\\d{1,3}(?:${group}\\d{2,3})*${group}\\d{3})(?:${decimal}\\d*)?|${decimal}\\d+)(?:e[+-]?\\d+)?$`,
      'i',
    );
    this.expected = `a number like ${format.format(EXAMPLE)}`;
  }

  /** Undefined for what is no number, or none as this language writes them. */
  numberOf(text: string): number | undefined {
    if (!this.number.test(text)) return undefined;
    const number = Number(text.replace(this.group, '').replace(this.decimal, '.'));
    return Number.isFinite(number) ? number : undefined;
  }

  /**
   * A number with at most one currency around it, a code (`12.50 EUR`) or a sign. A sign of several
   * currencies that the language gives to none is read, and names none.
   */
  priceOf(text: string): Price | undefined {
    const plain = this.numberOf(text);
    if (plain !== undefined) return { amount: plain, currency: undefined };
    if (text.length > MAX_LENGTH) return undefined;
    const [, before = '', digits = '', after = ''] = PRICE.exec(text) ?? [];
    const amount = this.numberOf(digits.trim());
    const around = [before, after].map((one) => one.trim()).filter((one) => one !== '');
    const [sign] = around;
    if (amount === undefined || sign === undefined || around.length > 1) return undefined;
    this.signs ??= signsOf(this.locale);
    const key = sign.toUpperCase();
    return this.signs.has(key) ? { amount, currency: this.signs.get(key) } : undefined;
  }
}

/** Whether `--locale` may be this. */
export function knowsLocale(locale: string): boolean {
  try {
    return Intl.NumberFormat.supportedLocalesOf(locale).length > 0;
  } catch {
    return false;
  }
}

/** Codes and signs in capitals to codes, those of the locale before those of the world. */
function signsOf(locale: string): ReadonlyMap<string, string | undefined> {
  const codes = Intl.supportedValuesOf('currency');
  const signs = new Map<string, string | undefined>();
  for (const code of codes) {
    const narrow = signOf(code, locale, 'narrowSymbol');
    signs.set(narrow, signs.has(narrow) ? undefined : code);
  }
  for (const name of [WORLD, locale]) {
    for (const code of codes) signs.set(signOf(code, name, 'symbol'), code);
  }
  for (const code of codes) signs.set(code, code);
  return signs;
}

function signOf(
  currency: string,
  locale: string,
  currencyDisplay: 'symbol' | 'narrowSymbol',
): string {
  const format = new Intl.NumberFormat(locale, { style: 'currency', currency, currencyDisplay });
  const sign = format.formatToParts(1).find((part) => part.type === 'currency')?.value ?? currency;
  return sign.toUpperCase();
}

/** Spaces have many widths, and apostrophes two shapes. */
function groupPattern(group: string): string {
  if (/\s/.test(group)) return '\\s';
  return group === '’' ? "['’]" : escaped(group);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
