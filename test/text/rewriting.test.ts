import { describe, expect, it } from 'vitest';
import {
  type Candidate,
  type Knowledge,
  chooseCorrections,
  spelling,
  toleranceOf,
  unsureCandidates,
} from '../../src/text/corrections.js';
import { DEFAULT_TEXT_SETTINGS } from '../../src/text/default-settings.js';
import {
  type PairCounts,
  chooseSplits,
  isJoin,
  possibleJoins,
  possibleSplits,
} from '../../src/text/joins-and-splits.js';
import { type QueryWord, parseQuery } from '../../src/text/parse-query.js';

function wordsOf(text: string): QueryWord[] {
  return parseQuery(text, DEFAULT_TEXT_SETTINGS).words;
}

function first(text: string): QueryWord {
  return wordsOf(text)[0] as QueryWord;
}

/** The splits chosen when the catalogue has `counts`, by the pair's words. */
function splitOf(text: string, df: number, counts: Readonly<Record<string, PairCounts>>) {
  const splits = possibleSplits(first(text), 'en');
  const none = { first: 0, second: 0, adjacent: 0 };
  return chooseSplits(
    df,
    splits,
    splits.map(({ pair }) => counts[pair.join(' ')] ?? none),
  );
}

describe('corrections', () => {
  const typed = (word: string) => ({ word, plain: word, text: word });
  /** A shop of 400 products, of whose words the encoder knows `pieces`. */
  const knowing = (pieces: string[] = [], beside: Record<string, number> = {}): Knowledge => ({
    isPiece: (word) => pieces.includes(word),
    live: 400,
    beside: (word) => beside[word] ?? 0,
  });
  const near = (word: string, df: number, distance = 1): Candidate => ({ word, distance, df });
  const words = (candidates: Candidate[], word: string | QueryWord, known = knowing()): string[] =>
    chooseCorrections(candidates, typeof word === 'string' ? typed(word) : word, known).map(
      (chosen) => chosen.word,
    );

  it('prefers the nearer, then what more products have, and knows rare words for typos', () => {
    const candidates = [near('far', 900, 2), near('near', 3), near('rare', 1), near('often', 7)];
    expect(chooseCorrections(candidates, typed('xxxx'), knowing())).toEqual([
      { word: 'often', df: 7, distance: 1, weight: 1 },
      { word: 'near', df: 3, distance: 1, weight: 0.8 },
      { word: 'far', df: 900, distance: 2, weight: 0.6 },
    ]);
    expect(words(candidates.slice(0, 1), 'xxxx')).toEqual(['far']);
  });

  it('takes a word that one product alone has for no typo where the encoder knows it', () => {
    const candidates = [near('refrigerator', 1), near('refrigerater', 1)];
    expect(words(candidates, 'refrigeratr')).toEqual([]);
    expect(words(candidates, 'refrigeratr', knowing(['refrigerator']))).toEqual(['refrigerator']);
  });

  it('prefers what is mistyped so more easily: a letter left out, two swapped, the beginning kept', () => {
    expect(words([near('phone', 90), near('iphone', 9)], 'ihone')[0]).toBe('iphone');
    expect(words([near('phone', 90), near('iphone', 90)], 'pphone')[0]).toBe('phone');
    expect(words([near('more', 90), near('mouse', 9)], 'moue')[0]).toBe('mouse');
    expect(words([near('mouth', 90), near('mouse', 9)], 'muose')[0]).toBe('mouse');
    expect(words([near('more', 900), near('mouse', 9)], 'moue')[0]).toBe('more');
  });

  it('takes the beginning for three times likelier to be right, no more', () => {
    expect(words([near('spot', 10), near('ipod', 29)], 'spod')[0]).toBe('spot');
    expect(words([near('spot', 10), near('ipod', 31)], 'spod')[0]).toBe('ipod');
  });

  it('knows what three letters mean where a fourth is missing or two are swapped', () => {
    const candidates = [near('desk', 9), near('usb', 19)];
    expect(words(candidates, 'usv')).toEqual(['desk']);
    expect(words(candidates, 'ubs')).toEqual(['usb', 'desk']);
  });

  it('takes three letters for what one product of twenty has, and twenty in all', () => {
    expect(words([near('usb', 19)], 'usv')).toEqual([]);
    expect(words([near('usb', 20)], 'usv')).toEqual(['usb']);
    expect(words([near('usb', 20)], 'usv', { ...knowing(), live: 401 })).toEqual([]);
    expect(words([near('usb', 19)], 'usv', { ...knowing(), live: 30 })).toEqual([]);
  });

  it('lets two titles that have it beside a neighbour tell what the word alone does not', () => {
    const candidates = [near('memory', 90), near('emery', 5)];
    const isPiece = ['emory', 'memory'];
    expect(words(candidates, 'emory', knowing(isPiece))).toEqual([]);
    expect(words(candidates, 'emory', knowing(isPiece, { memory: 1 }))).toEqual([]);
    expect(words(candidates, 'emory', knowing(isPiece, { memory: 2 }))).toEqual(['memory']);
    expect(words([near('usb', 9)], 'usv', knowing([], { usb: 2 }))).toEqual(['usb']);
  });

  it('asks of few what stands beside them, and of none that the word alone tells', () => {
    const many = Array.from({ length: 14 }, (_, i) => near(`emor${'abcdefghijklmn'.charAt(i)}`, i));
    const asked = unsureCandidates(many, typed('emory'), knowing(['emory']));
    expect(asked).toEqual(
      many
        .slice(4)
        .reverse()
        .map(({ word }) => word),
    );
    expect(unsureCandidates(many, typed('emory'), knowing())).toEqual([]);
  });

  it('gives five at most', () => {
    const many = 'a b c d e f g'.split(' ').map((word) => near(word, 2));
    expect(words(many, 'xxxx')).toEqual('a b c d e'.split(' '));
  });

  it('compares a plural with plurals', () => {
    const candidates = [near('box', 900), near('book', 9)];
    expect(words(candidates, first('bok'))).toEqual(['box', 'book']);
    expect(words(candidates, first('boks'))).toEqual(['book']);
    expect(words([near('wireless', 9)], first('wireles'))).toEqual(['wireless']);
  });

  it('writes a plural again where one was typed', () => {
    expect(spelling(first('laptps'), 'laptop')).toBe('laptops');
    expect(spelling(first('laptp'), 'laptop')).toBe('laptop');
    expect(spelling(first('wireles'), 'wireless')).toBe('wireless');
    expect(spelling(first('swithces'), 'switch')).toBe('switches');
    expect(spelling(first('bateries'), 'battery')).toBe('batteries');
    expect(spelling(first('lns'), 'lens')).toBe('lens');
  });

  it('leaves alone what is known, quoted, a number, or short', () => {
    expect(toleranceOf(first('keybaord'), 0)).toBe(2);
    expect(toleranceOf(first('keybaord'), 1)).toBe(0);
    expect(toleranceOf(first('"keybaord"'), 0)).toBe(0);
    expect(toleranceOf(first('dv71211ea'), 0)).toBe(0);
    expect(toleranceOf(first('us'), 0)).toBe(0);
    expect(toleranceOf(first('vavs'), 0)).toBe(1);
  });
});

describe('joins', () => {
  it('counts neighbours as one word, in the singular', () => {
    expect(possibleJoins(wordsOf('head phones black'), 'en')).toEqual([
      { at: 0, pair: ['head', 'phone'], joined: 'headphone', isChunk: false },
      { at: 1, pair: ['phone', 'black'], joined: 'phonesblack', isChunk: false },
    ]);
  });

  it('joins what is more often one word than two, and what was typed as one', () => {
    const [join] = possibleJoins(wordsOf('head phones'), 'en');
    const [chunk] = possibleJoins(wordsOf('dcs-8325lh'), 'en');
    if (join === undefined || chunk === undefined) throw new Error('no joins');
    expect(isJoin(join, 3, 3)).toBe(true);
    expect(isJoin(join, 3, 4)).toBe(false);
    expect(isJoin(join, 2, 0)).toBe(false);
    expect(isJoin(chunk, 1, 0)).toBe(true);
    expect(isJoin(chunk, 0, 0)).toBe(false);
  });
});

describe('splits', () => {
  it('splits where titles have both words side by side five times as often', () => {
    const counts = { 'sd card': { first: 40, second: 90, adjacent: 20 } };
    expect(splitOf('sdcard', 4, counts)).toEqual([{ words: ['sd', 'card'], weight: 1 }]);
    const mouse = { 'mouse pad': { first: 40, second: 90, adjacent: 20 } };
    expect(splitOf('mousepads', 4, mouse)).toEqual([{ words: ['mouse', 'pad'], weight: 1 }]);
    expect(splitOf('mousepads', 5, mouse)).toEqual([]);
  });

  it('splits a rare word at a border of letters and digits', () => {
    const counts = { 'iphone 7': { first: 40, second: 90, adjacent: 0 } };
    expect(splitOf('iphone7', 2, counts)).toEqual([{ words: ['iphone', '7'], weight: 1 }]);
    expect(splitOf('iphone7', 3, counts)).toEqual([]);
  });

  it('splits an unknown compound of two known words, also where a sound links them', () => {
    const known = { first: 5, second: 3, adjacent: 0 };
    expect(splitOf('druckerpatrone', 0, { 'drucker patrone': known })).toEqual([
      { words: ['drucker', 'patrone'], weight: 0.8 },
    ]);
    expect(splitOf('arbeitsplatz', 0, { 'arbeit platz': known })).toEqual([
      { words: ['arbeit', 'platz'], weight: 0.8 },
    ]);
    expect(splitOf('arbeitsplatz', 1, { 'arbeit platz': known })).toEqual([]);
  });
});
