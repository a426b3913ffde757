/** No word has it. */
const SPACE = ' ';

/** Values by phrases, to be found where a longer list of words has the phrase. */
export class PhraseTable<T> {
  private readonly values = new Map<string, T[]>();
  /** By a first word: how long phrases are that begin with it, longest first. */
  private readonly lengths = new Map<string, number[]>();

  get isEmpty(): boolean {
    return this.values.size === 0;
  }

  add(phrase: readonly string[], value: T): void {
    const [first] = phrase;
    if (first === undefined) return;
    const key = phrase.join(SPACE);
    const values = this.values.get(key);
    if (values === undefined) this.values.set(key, [value]);
    else values.push(value);
    const lengths = this.lengths.get(first) ?? [];
    if (lengths.includes(phrase.length)) return;
    this.lengths.set(
      first,
      [...lengths, phrase.length].sort((a, b) => b - a),
    );
  }

  /** Of the phrase that is all of `words`. */
  whole(words: readonly string[]): readonly T[] {
    return this.values.get(words.join(SPACE)) ?? [];
  }

  /** Of all phrases that `words` has from place `i` on, longer ones first. */
  at(words: readonly string[], i: number): { length: number; values: readonly T[] }[] {
    return (this.lengths.get(words[i] ?? '') ?? []).flatMap((length) => {
      if (i + length > words.length) return [];
      const values = this.values.get(words.slice(i, i + length).join(SPACE));
      return values === undefined ? [] : [{ length, values }];
    });
  }
}
