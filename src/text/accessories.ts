import type { Product } from '../core/product.js';
import type { Analysed } from './analyzer.js';
import { attributesOf } from './field-text.js';

/**
 * Things that belong to other things. A title with one of them, `phone case` or `projector lamp`, has it as its head, and what it
 * belongs to as a mere modifier, so that words alone take the one for the other. English only.
 */
const THINGS = new Set(
  (
    'accessory adapter adaptor arm backpack bag battery belt bracket cable cap cartridge case charger cleaner cleaning cord cover ' +
    'cradle dock docking drawer enclosure extender extension feeder film filter fuser grip handle holder holster hood housing ink ' +
    'label lamp lens license lock maintenance mount pad panel paper pillow plate pouch protector replacement rest ribbon riser ' +
    'service shelf skin sleeve software spare splitter stand strap support tape toner tray tripod upgrade warranty'
  ).split(' '),
);
/** After one of those things these are the head: a label printer is no label. */
const MACHINES = new Set(
  'camera drive library machine maker player printer reader recorder scanner shredder writer'.split(
    ' ',
  ),
);
/** Names of attributes that say what else a product goes with. */
const GOES_WITH = /\b(?:compatib\w+|fits|suitable for|component for)\b/i;
/** These say what a thing itself can do. */
const OWN = /operating|electromagnetic|memory card|\bmac\b|ink type/i;

/** Stands among the hashes of the kind of an accessory, as one more: of names, one in 2^32 has it by chance. */
export const ACCESSORY_MARK = 0xacce5501;

/** Names of attributes seen before, and whether they say what else a product goes with. */
const seen = new Map<string, boolean>();
const MOST_SEEN = 1 << 14;
/** Longer ones are no names, and would only be kept. */
const LONGEST_NAME = 80;

/** Whether a query's words, analysed and in order, name such a thing: `hp toner`, but not `label printer`. */
export function namesAccessory(words: readonly string[]): boolean {
  return words.some((word, at) => isThing(word, words[at + 1]));
}

/** Whether a product is, as its title or its attributes say, a part of another or made to go with it. */
export function isAccessory(product: Product, title: Analysed): boolean {
  const { words, length } = title;
  for (let at = 0; at < length; at++) {
    const next = at + 1 < length ? words[at + 1]?.text : undefined;
    if (isThing(words[at]?.text ?? '', next)) return true;
  }
  return Object.keys(attributesOf(product)).some(saysGoesWith);
}

function isThing(word: string, next: string | undefined): boolean {
  return THINGS.has(word) && (next === undefined || !MACHINES.has(next));
}

function saysGoesWith(name: string): boolean {
  if (name.length > LONGEST_NAME) return false;
  let says = seen.get(name);
  if (says === undefined) {
    if (seen.size >= MOST_SEEN) seen.clear();
    says = GOES_WITH.test(name) && !OWN.test(name);
    seen.set(name, says);
  }
  return says;
}
