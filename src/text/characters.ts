/** What a character is to the analyzer. */
export const SEPARATOR = 0;
export const WORD = 1;
/** Part of a word that says nothing itself: a mark, a soft hyphen, a joiner. */
export const INSIDE = 2;
/** Of a script that puts no blanks between words. */
export const UNSPACED = 3;
const UNKNOWN = 255;

const UNSPACED_SCRIPTS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;
const MARK_OR_JOINER = /[\p{M}\u00ad\u200c\u200d\u2060]/u;

/** By UTF-16 unit, filled when a unit is first seen: a regex for each character would be ten times slower. */
const kinds = new Uint8Array(0x1_0000).fill(UNKNOWN);

function kindOf(character: string): number {
  if (MARK_OR_JOINER.test(character)) return INSIDE;
  if (!LETTER_OR_DIGIT.test(character)) return SEPARATOR;
  return UNSPACED_SCRIPTS.test(character) ? UNSPACED : WORD;
}

/** The kind of the code point `code`; half of a surrogate pair is a separator. */
export function characterKind(code: number): number {
  const kind = code > 0xffff ? UNKNOWN : (kinds[code] as number);
  return kind === UNKNOWN ? newKind(code) : kind;
}

function newKind(code: number): number {
  const kind = kindOf(String.fromCodePoint(code));
  if (code <= 0xffff) kinds[code] = kind;
  return kind;
}

for (let code = 0; code < 128; code++) characterKind(code);

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
