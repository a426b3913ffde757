/** Marks that tell no word from another; those of Indic and kana are letters in all but name, and stay. */
const MARKS =
  /[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670\u00ad\u1ab0-\u1aff\u1dc0-\u1dff\u200c\u200d\u2060\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]+/g;
/** Letters that Unicode does not decompose, as people without them type them. */
const PLAIN: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
  ς: 'σ',
};
const PLAIN_LETTERS = /[ßæœøłđðþıς]/g;
const NOT_WORD = /[^\p{L}\p{N}\p{M}]+/gu;
const ASCII_ONLY = /^[\x00-\x7f]*$/;

/** `text` in compatibility form, lower case, without accents: `Größe` is `grosse`, `ＡＢ` is `ab`. */
export function foldCase(text: string): string {
  if (ASCII_ONLY.test(text)) return text.toLowerCase();
  return text
    .normalize('NFKD')
    .replace(MARKS, '')
    .toLowerCase()
    .normalize('NFKD')
    .replace(MARKS, '')
    .replace(PLAIN_LETTERS, (letter) => PLAIN[letter] ?? letter)
    .normalize('NFC');
}

/** Letters and digits of `text` alone, folded: how identifiers are compared. */
export function squash(text: string): string {
  return foldCase(text).replace(NOT_WORD, '');
}

/** Plurals that follow no rule, and words that only look like one. */
const IRREGULAR: Readonly<Record<string, string>> = {
  mice: 'mouse',
  lens: 'lens',
  lenses: 'lens',
  men: 'man',
  women: 'woman',
  children: 'child',
  knives: 'knife',
  shelves: 'shelf',
  scarves: 'scarf',
  wolves: 'wolf',
  series: 'series',
  species: 'species',
  hoody: 'hoodie',
};
/** Their singular ends in `ie`, not in `y`. */
const IE =
  'beanie birdie brownie calorie collie cookie doggie eerie genie hoodie junkie leggie lingerie menagerie ' +
  'movie onesie pixie prairie reverie rookie selfie smoothie sortie veggie walkie zombie';
const irregular = new Map([
  ...Object.entries(IRREGULAR),
  ...IE.split(' ').map((word): [string, string] => [`${word}s`, word]),
]);

/** The singular of a folded English word, by rules that need no dictionary; words with digits have none. */
export function singular(word: string): string {
  const exception = irregular.get(word);
  if (exception !== undefined) return exception;
  if (word.length < 4 || /\p{N}/u.test(word)) return word;
  if (word.length > 4 && word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (/(?:ss|sh|ch|x|zz)es$/.test(word)) return word.slice(0, -2);
  return /(?<!s|u|i)s$/.test(word) ? word.slice(0, -1) : word;
}

/** A plural of which `word` is the singular, by the same rules; the word itself where they make none. */
export function plural(word: string): string {
  const made = /[^aeiou]y$/.test(word)
    ? `${word.slice(0, -1)}ies`
    : `${word}${/(?:ss|sh|ch|x|zz)$/.test(word) ? 'es' : 's'}`;
  return singular(made) === word ? made : word;
}
