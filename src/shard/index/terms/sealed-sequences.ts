import { varint } from '../columns/varint.js';
import { BORDER } from './terms-reader.js';

/**
 * For each row its title's words and its brand's, each as how far behind the last key it stands in the
 * dictionary, as varints; 0 is the border.
 */
export class SealedSequences {
  constructor(
    private readonly ends: Uint32Array,
    private readonly numbers: Uint8Array,
  ) {}

  get bytes(): number {
    return this.ends.byteLength + this.numbers.byteLength;
  }

  /** @param firstWord number of the first word that is no key */
  at(row: number, firstWord: number): number[] {
    const words: number[] = [];
    const end = this.ends[row] as number;
    for (let at = row === 0 ? 0 : (this.ends[row - 1] as number); at < end;) {
      const number = varint(this.numbers, at);
      words.push(number.value === 0 ? BORDER : firstWord + number.value - 1);
      at = number.end;
    }
    return words;
  }
}
