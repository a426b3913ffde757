import type { TokenizerJson } from '../../src/embedding/tokenize.js';

const START = '<|startoftext|>';
const END = '<|endoftext|>';
const WORDS =
  "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";
/** CLIP uses as many of OpenAI's merges as make 49,408 tokens. */
const MERGES = 49_152 - 256 - 2;

/** The `tokenizer.json` of CLIP as it is published, made from OpenAI's list of merges. */
export function publishedClipTokenizer(list: Buffer): TokenizerJson {
  const merges = list
    .toString('utf8')
    .split('\n')
    .slice(1, MERGES + 1)
    .map((line) => line.split(/\s+/).slice(0, 2));
  const bytes = byteAlphabet();
  const pieces = [
    ...bytes,
    ...bytes.map((byte) => `${byte}</w>`),
    ...merges.map((pair) => pair.join('')),
    START,
    END,
  ];
  const vocab = Object.fromEntries(pieces.map((piece, id) => [piece, id]));
  const special = [START, END].map((content) => ({
    id: vocab[content]!,
    content,
    special: true,
    normalized: content === START,
  }));
  const json = {
    added_tokens: special,
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFC' },
        { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
        { type: 'Lowercase' },
      ],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: WORDS }, behavior: 'Removed', invert: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: {
      type: 'RobertaProcessing',
      sep: [END, vocab[END]],
      cls: [START, vocab[START]],
      trim_offsets: false,
      add_prefix_space: false,
    },
    decoder: null,
    model: {
      type: 'BPE',
      unk_token: END,
      continuing_subword_prefix: '',
      end_of_word_suffix: '</w>',
      vocab,
      merges,
    },
  };
  return json;
}

/** Bytes as characters that print: the printable ones first, as OpenAI orders them. */
function byteAlphabet(): string[] {
  const all = Array.from({ length: 256 }, (_, byte) => byte);
  const prints = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte !== 173);
  const printable = all.filter(prints);
  const others = all.filter((byte) => !prints(byte));
  return [
    ...printable.map((byte) => String.fromCodePoint(byte)),
    ...others.map((_, i) => String.fromCodePoint(256 + i)),
  ];
}
