import type { Kind, Slot, SlotValue } from './kind.js';
import type { Random } from './random.js';

export type Slots = Readonly<Record<string, SlotValue>>;

function roll(slot: Slot, random: Random): SlotValue {
  if ('oneOf' in slot) return random.pick(slot.oneOf);
  if ('someOf' in slot) return random.some(slot.count, slot.someOf);
  return random.step(slot.from, slot.to, slot.step);
}

/** Rolls every slot of a kind; a variant's values win over the kind's own. */
export function rollSlots(kind: Kind, random: Random): Slots {
  const slots: Record<string, SlotValue> = { colour: random.pick(kind.colours) };
  for (const [name, slot] of Object.entries(kind.slots ?? {})) slots[name] = roll(slot, random);
  if (kind.variants !== undefined) Object.assign(slots, random.pick(kind.variants));
  return slots;
}

const SMALL_WORDS = new Set([
  'a',
  'an',
  'and',
  'as',
  'at',
  'by',
  'de',
  'for',
  'in',
  'of',
  'or',
  'the',
  'to',
  'with',
]);

function titleCase(text: string): string {
  return text
    .split(' ')
    .map((word, at) =>
      at > 0 && SMALL_WORDS.has(word) ? word : word.charAt(0).toUpperCase() + word.slice(1),
    )
    .join(' ');
}

function inProse(value: SlotValue): string {
  if (typeof value !== 'object') return String(value);
  const last = value.at(-1) ?? '';
  return value.length < 2 ? last : `${value.slice(0, -1).join(', ')} and ${last}`;
}

function valueOf(name: string, slots: Slots): SlotValue {
  const value = slots[name];
  if (value === undefined) throw new Error(`no such slot: ${name}`);
  return value;
}

/** `{Name}` is the slot `name` in title case. */
function slotText(name: string, slots: Slots): string {
  const slot = name.charAt(0).toLowerCase() + name.slice(1);
  const text = inProse(valueOf(slot, slots));
  return slot === name ? text : titleCase(text);
}

/** "a" before a consonant, "an" before a vowel as it is spoken ("a unisex", "a one-litre"). */
function article(a: string, next: string): string {
  return /^([ai]|e(?!u)|o(?!ne)|8|11|18|un(?!i))/i.test(next) ? a.replace(/a/i, '$&n') : a;
}

function fillSlots(template: string, slots: Slots): string {
  return template.replace(/(\b[Aa] )?\{(\w+)\}/g, (_, a: string | undefined, name: string) => {
    const text = slotText(name, slots);
    return `${article(a ?? '', text)}${text}`;
  });
}

/**
 * Fills `{name}` with the slot's value and `{Name}` with it in title case, and makes "a" an "an"
 * where the value asks for it. The text then starts with a capital. Throws for an unknown slot.
 */
export function fillText(template: string, slots: Slots): string {
  const filled = fillSlots(template, slots);
  return filled.charAt(0).toUpperCase() + filled.slice(1);
}

/** An attribute's value: a lone `'{slot}'` keeps the slot's type, other text is filled. */
export function fillAttribute(template: string | number | boolean, slots: Slots): SlotValue {
  if (typeof template !== 'string') return template;
  const lone = /^\{(\w+)\}$/.exec(template)?.[1];
  return lone === undefined ? fillSlots(template, slots) : valueOf(lone, slots);
}
