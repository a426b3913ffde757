import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** The operator that makes a model's result depend on everything that is in the batch. */
const DYNAMIC_QUANTIZATION = 'DynamicQuantizeLinear';

/** What the bytes of an ONNX file say without being parsed. */
export interface OnnxFileFacts {
  /** SHA-256 in hex over the file and the files of weights that it names, in order of name. */
  sha256: string;
  dynamicallyQuantized: boolean;
}

/**
 * Reads an ONNX file once, in a stream. Weights that lie outside it are found by name: a file beside
 * it whose name stands in the ONNX file (which keeps it as plain text) belongs to it.
 */
export async function inspectOnnxFile(file: string): Promise<OnnxFileFacts> {
  const siblings = (await readdir(dirname(file)))
    .filter((name) => name !== basename(file) && !name.endsWith('.onnx'))
    .sort();
  const hash = createHash('sha256');
  const found = await hashAndSearch(file, hash, [DYNAMIC_QUANTIZATION, ...siblings]);
  for (const name of siblings) {
    if (found.has(name)) await hashAndSearch(join(dirname(file), name), hash, []);
  }
  return {
    sha256: hash.digest('hex'),
    dynamicallyQuantized: found.has(DYNAMIC_QUANTIZATION),
  };
}

async function hashAndSearch(
  file: string,
  hash: ReturnType<typeof createHash>,
  words: readonly string[],
): Promise<Set<string>> {
  const found = new Set<string>();
  const overlap = Math.max(0, ...words.map((word) => Buffer.byteLength(word)));
  let tail = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
    const bytes = chunk as Buffer;
    hash.update(bytes);
    if (words.length === 0) continue;
    const window = Buffer.concat([tail, bytes]);
    for (const word of words) if (!found.has(word) && window.includes(word)) found.add(word);
    tail = window.subarray(Math.max(0, window.length - overlap));
  }
  return found;
}
