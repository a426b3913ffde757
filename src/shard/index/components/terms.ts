import { join } from 'node:path';
import { bytes, Cursor, padded } from '../columns/column-codec.js';
import { Growing } from '../columns/growing.js';
import { TextDictionaryWriter } from '../columns/text-dictionary.js';
import { CorruptFile, readInto, writeFile, type FileRecord } from '../durable-file.js';
import type { Access } from '../mapped-file.js';
import { CHUNK_ROWS } from '../terms/postings.js';
import type { TermDirectory } from '../terms/sorted-terms.js';

/**
 * The words of a segment's rows:
 *
 *   terms.bin  runs of postings, word by word and chunk by chunk: u16 places, u8 impacts, padded to an
 *              even number of bytes
 *   terms.dir  u32 words, bytes of their texts, runs, and whether there are several chunks; the words as
 *              a dictionary; u32 ends of words' runs (of several chunks) and of runs in pairs of bytes;
 *              u16 chunks of runs (of several)
 */
export const TERMS_FORMAT = 1;

const POSTINGS = 'terms.bin';
const DIRECTORY = 'terms.dir';
const HEADER_WORDS = 4;
/** Postings written at once, in bytes. */
const BATCH_BYTES = 1 << 20;

/** A word with its postings: row x 256 + impact, ascending. */
export interface TermPostings {
  /** As a byte text. */
  word: string;
  postings: Float64Array;
}

/** Writes words in ascending order, one at a time. */
export async function writeTerms(
  folder: string,
  rowCount: number,
  terms: Iterable<TermPostings>,
): Promise<string[]> {
  const runs = new RunWriter(rowCount > CHUNK_ROWS);
  const words = new TextDictionaryWriter();
  function* parts(): Generator<Uint8Array> {
    for (const { word, postings } of terms) {
      words.add(word);
      runs.add(postings);
      if (runs.pending >= BATCH_BYTES) yield runs.take();
    }
    yield runs.take();
  }
  await writeFile(join(folder, POSTINGS), parts());
  const { size, starts, text } = words.finish();
  const header = Uint32Array.of(size, text.byteLength, runs.ends.length, runs.isChunked ? 1 : 0);
  const dictionary = padded([bytes(starts), text]);
  const lists = [
    ...(runs.isChunked ? [bytes(runs.wordEnds.copy())] : []),
    bytes(runs.ends.copy()),
    ...(runs.isChunked ? [bytes(runs.chunks.copy())] : []),
  ];
  await writeFile(join(folder, DIRECTORY), padded([bytes(header), ...dictionary, ...lists]));
  return [POSTINGS, DIRECTORY];
}

/** Cuts words' postings into runs; every word has one where there is a single chunk. */
class RunWriter {
  readonly wordEnds = new Growing(Uint32Array);
  readonly ends = new Growing(Uint32Array);
  readonly chunks = new Growing(Uint16Array);
  private readonly batch = new Growing(Uint8Array);
  private pairs = 0;

  constructor(readonly isChunked: boolean) {}

  get pending(): number {
    return this.batch.length;
  }

  take(): Uint8Array {
    const taken = this.batch.copy();
    this.batch.length = 0;
    return taken;
  }

  add(postings: Float64Array): void {
    if (!this.isChunked) this.run(0, postings);
    else {
      for (let from = 0; from < postings.length;) {
        const chunk = chunkOf(postings[from] as number);
        let to = from + 1;
        while (to < postings.length && chunkOf(postings[to] as number) === chunk) to += 1;
        this.run(chunk, postings.subarray(from, to));
        from = to;
      }
    }
    this.wordEnds.push(this.ends.length);
  }

  private run(chunk: number, postings: Float64Array): void {
    for (const posting of postings) {
      const place = Math.floor(posting / IMPACTS) % CHUNK_ROWS;
      this.batch.push(place & 0xff);
      this.batch.push(place >>> 8);
    }
    for (const posting of postings) this.batch.push(posting % IMPACTS);
    if (postings.length % 2 === 1) this.batch.push(0);
    this.pairs += Math.ceil((3 * postings.length) / 2);
    this.ends.push(this.pairs);
    this.chunks.push(chunk);
  }
}

/** Of a posting as `TermPostings` has it. */
export const IMPACTS = 256;

function chunkOf(posting: number): number {
  return Math.floor(posting / (IMPACTS * CHUNK_ROWS));
}

/** @param files as `writeTerms` named them */
export async function readTerms(
  folder: string,
  files: readonly FileRecord[],
  access: Access,
): Promise<{ directory: TermDirectory; postings: ArrayBuffer }> {
  const [data, list] = files as [FileRecord, FileRecord];
  const [content] = (await readInto(folder, list, [list.bytes], access)) as [ArrayBuffer];
  const [postings] = (await readInto(folder, data, [data.bytes], access)) as [ArrayBuffer];
  const cursor = new Cursor(content);
  const [words, textBytes, runs, several] = cursor.words(HEADER_WORDS) as unknown as number[] & {
    length: 4;
  };
  const dictionary = cursor.texts(words as number, textBytes as number);
  const isChunked = several === 1;
  const runEnds = isChunked ? cursor.words(words as number) : undefined;
  const ends = cursor.words(runs as number);
  const chunks = isChunked ? cursor.halves(runs as number) : undefined;
  if (2 * (ends.at(-1) ?? 0) !== postings.byteLength) {
    throw new CorruptFile(`${POSTINGS} is of other words`);
  }
  return { directory: { dictionary, runEnds, chunks, ends }, postings };
}
