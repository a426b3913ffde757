/** A small seeded source of randomness, so that every run writes the same bytes. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** One of the items; the list must not be empty. */
  pick<T>(items: readonly T[]): T;
  /** `count` different items in the list's own order (all of them when there are fewer). */
  some<T>(count: number, items: readonly T[]): T[];
  /** One of `from`, `from + step`, … up to `to`. */
  step(from: number, to: number, step: number): number;
}

/** Mulberry32 (Tommy Ettinger, public domain): 32 bits of state, plenty for a few thousand products. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number): number => Math.floor(next() * bound);
  const pick = <T>(items: readonly T[]): T => {
    const item = items[below(items.length)];
    if (item === undefined) throw new Error('cannot pick from an empty list');
    return item;
  };
  return {
    next,
    pick,
    some: (count, items) => {
      const chosen = new Set<number>();
      while (chosen.size < Math.min(count, items.length)) chosen.add(below(items.length));
      return items.filter((_, at) => chosen.has(at));
    },
    step: (from, to, step) => {
      const steps = Math.round((to - from) / step);
      return Number((from + below(steps + 1) * step).toFixed(3));
    },
  };
}

/** A stable 32-bit number of a text (FNV-1a), to seed one department without touching the others. */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return hash;
}
