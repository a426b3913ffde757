import type { Random } from '../lib/random.js';
import type { Goods } from './goods.js';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/** `query` with one edit at random (insert, delete, replace, swap) in its longest word. */
export function misspell(query: string, random: Random): string {
  const words = query.split(' ');
  const longest = words.reduce(
    (best, word, i) => (word.length > (words[best] ?? '').length ? i : best),
    0,
  );
  words[longest] = edited(words[longest] ?? '', random);
  return words.join(' ');
}

function edited(word: string, random: Random): string {
  for (;;) {
    const at = random.below(word.length);
    const letter = LETTERS.charAt(random.below(LETTERS.length));
    const [before, own, after] = [word.slice(0, at), word.charAt(at), word.slice(at + 1)];
    const made = [
      before + letter + own + after,
      before + after,
      before + letter + after,
      before + after.charAt(0) + own + after.slice(1),
    ][random.below(4)] as string;
    if (made !== word && made !== '') return made;
  }
}

/** A code as a title prints it, and the ids of the products whose titles have it. */
export interface ModelNumber {
  code: string;
  ids: ReadonlySet<string>;
}

const CODE = /^[A-Za-z0-9]+(?:[-/._][A-Za-z0-9]+)*$/;
/** What a product measures, can do, or is compatible with: numbers that name nothing. */
const MEASURE =
  /^\d+(?:[.,/-]\d+)*(?:[a-z"]{1,4}|\d*x\d+\w*)?$|^\d+(?:[.x]\d+)*-?(?:inch|port|pin|pack|bit|sheet|outlet|in|foot|ft|way|bay|year|mm|ply|channel|slot|core|Pin|Port|Base\w*)s?$|^(?:rj|usb|ddr|db|hd|cat|a|pc|pci|lga|ieee|802|10|iec|nema|c|rs|w|h|m|ps|mp|dvd|vga|ip|hd|sata|sas|core|i|utp|sftp|dimm|so|e|u|f|cd|microsd|mini|lto|full|wxga|ultra|awg|windows|gen|type|dp)\d?[-/.]?\w{0,3}(?:[-/.]\w{1,4})?$/i;

/** `count` model numbers out of titles at random: five characters and more, letters and digits; in `separated` ones a sign. */
export function modelNumbers(
  goods: readonly Goods[],
  count: number,
  separated: boolean,
  random: Random,
): ModelNumber[] {
  const holders = new Map<string, Set<string>>();
  const printed = new Map<string, string>();
  for (const { id, title } of goods) {
    for (const token of title.split(/[\s,;()]+/)) {
      if (!isCode(token, separated)) continue;
      const key = squash(token);
      printed.set(key, printed.get(key) ?? token);
      holders.set(key, (holders.get(key) ?? new Set<string>()).add(id));
    }
  }
  // What many titles have is the name of a standard.
  const codes = [...holders].filter(([, ids]) => ids.size <= 3);
  return random.sample(count, codes.length).map((at) => {
    const [key, ids] = codes[at] as [string, Set<string>];
    return { code: printed.get(key) as string, ids };
  });
}

function isCode(token: string, separated: boolean): boolean {
  if (token.length < 5 || token.length > 24 || !CODE.test(token)) return false;
  if (!/[0-9]/.test(token) || !/[A-Za-z]/.test(token) || MEASURE.test(token)) return false;
  return !separated || /[-/.]/.test(token);
}

export function squash(code: string): string {
  return code.replace(/[^A-Za-z0-9]/g, '').toLowerCase();
}

/** Texts that mean nothing to a shop: letters at random, emoji and signs, other scripts. */
export function nonsense(count: number, random: Random): string[] {
  const letters = (): string => {
    const length = 5 + random.below(8);
    return Array.from({ length }, () => LETTERS.charAt(random.below(LETTERS.length))).join('');
  };
  const emoji = '😀 🎉 🔥 🚀 🐙 🍕 👍 🌈 🦄 💥'.split(' ');
  const signs = ['???', '!!!', '*&^%', '---', '€€€', '<>', '…', '¿?', '§§', '@@'];
  const scripts = [
    ...[
      'ноутбук',
      'клавиатура мышь',
      '笔记本电脑',
      '無線滑鼠',
      'ノートパソコン',
      'プリンター',
      '노트북',
      '헤드폰',
    ],
    ...[
      'כרטיס זיכרון',
      'طابعة',
      'حاسوب محمول',
      'कंप्यूटर',
      'เครื่องพิมพ์',
      'ηλεκτρονικός',
      'տպիչ',
      'პრინტერი',
    ],
  ];
  return Array.from({ length: count }, (_, i) => {
    const kind = i % 3;
    if (kind === 0) return i % 2 === 0 ? letters() : `${letters()} ${letters()}`;
    if (kind === 1)
      return random.next() < 0.6 ? random.pick(emoji) + random.pick(emoji) : random.pick(signs);
    return random.pick(scripts);
  });
}
