/** What a slot holds once it is rolled; also what an attribute of a product may be. */
export type SlotValue = string | number | boolean | readonly string[];

/** Where a slot's value comes from: one of some values, a number of a range, or several words. */
export type Slot =
  | { readonly oneOf: readonly (string | number | boolean)[] }
  | { readonly from: number; readonly to: number; readonly step: number }
  | { readonly count: number; readonly someOf: readonly string[] };

/**
 * One kind of product and how to write about it. In every text `{name}` is the slot's value and
 * `{Name}` the same in title case. `brand`, `line` and `colour` are slots of every kind.
 */
export interface Kind {
  /** The name of the drawing in `pictures/`. */
  readonly drawing: string;
  /** How many of the department's products are of this kind, relative to the others (default 1). */
  readonly share?: number;
  /** Lowest and highest price; a variant's `priceFactor` multiplies it. */
  readonly price: readonly [low: number, high: number];
  /** Names from the palette. A variant may set `colour` instead. */
  readonly colours: readonly string[];
  /** True when the colour is only the picture's and says nothing about the product. */
  readonly hidesColour?: boolean;
  readonly titles: readonly string[];
  /** First sentences of a description: what it is. */
  readonly opens: readonly string[];
  /** Second sentences: a detail, a use, an audience. */
  readonly adds: readonly string[];
  readonly slots?: Readonly<Record<string, Slot>>;
  /** Slots whose values belong together (a size and its price); one set is chosen. */
  readonly variants?: readonly Readonly<Record<string, SlotValue>>[];
  /** `'{slot}'` alone keeps the slot's type; any other text is filled in. */
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** Further categories the product can be filtered by. */
  readonly also?: readonly string[];
}

/** A category of the shop. */
export interface Department {
  readonly category: string;
  readonly products: number;
  readonly brands: readonly string[];
  /** Names of product lines, as shops print them between brand and thing. */
  readonly lines: readonly string[];
  /** Last sentences that fit any kind here. */
  readonly closes: readonly string[];
  readonly kinds: readonly Kind[];
}

/** `'a | b | c'` as a list: shorter to read than a quoted list, and one line in the formatter's eyes. */
export function list(text: string): string[] {
  return text.split('|').map((item) => item.trim());
}

/** A slot that takes one of `'a | b | c'`. */
export function oneOf(text: string): Slot {
  return { oneOf: list(text) };
}

/** A slot that takes one of some numbers. */
export function oneOfNumbers(...numbers: number[]): Slot {
  return { oneOf: numbers };
}

/** A slot that is true or false. */
export function yesOrNo(): Slot {
  return { oneOf: [true, false] };
}

/** A slot that takes a number from `from` to `to` in steps. */
export function range(from: number, to: number, step = 1): Slot {
  return { from, to, step };
}

/** A slot that takes `count` of `'a | b | c'`, as a list. */
export function someOf(count: number, text: string): Slot {
  return { count, someOf: list(text) };
}
