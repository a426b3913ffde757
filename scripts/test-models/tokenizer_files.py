"""Tokenizers in the layouts that CLIP and BERT are published with."""

import gzip
import itertools
from collections import Counter

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

START, END = "<|startoftext|>", "<|endoftext|>"
CLIP_WORDS = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def own_text():
    """Shop talk made of a few word lists: text of our own to learn merges and word pieces from."""
    qualities = "wireless black large compact waterproof classic folding soft portable professional".split()
    things = "mouse keyboard headphones printer camera laptop monitor speaker charger backpack kettle lamp".split()
    extras = "with cable|for travel|and case|in blue|set of 3|2.4 GHz|1080p|500 GB|café crème|für Küche|don't".split("|")
    return [" ".join(parts) for parts in itertools.product(qualities, things, extras)]


def clip_tokenizer(merges):
    """Bytes, bytes at a word's end, merges, start and end: the order of CLIP's vocabulary."""
    # OpenAI lists the printable bytes first; so does the alphabet here.
    alphabet = byte_alphabet()
    pieces = alphabet + [f"{byte}</w>" for byte in alphabet] + ["".join(pair) for pair in merges] + [START, END]
    vocabulary = {piece: i for i, piece in enumerate(pieces)}
    tokenizer = Tokenizer(
        models.BPE(vocabulary, merges, unk_token=END, continuing_subword_prefix="", end_of_word_suffix="</w>")
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(CLIP_WORDS), "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.post_processor = processors.RobertaProcessing(
        (END, vocabulary[END]), (START, vocabulary[START]), trim_offsets=False, add_prefix_space=False
    )
    tokenizer.add_special_tokens([AddedToken(START, special=True, normalized=True), AddedToken(END, special=True, normalized=False)])
    return tokenizer


def byte_alphabet():
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + i) for i in range(len(others))]


def learnt_merges(count):
    """The merges of the commonest neighbours in our own text; ties by spelling, so that every run learns the same."""
    splitter = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(CLIP_WORDS), "removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    counts = Counter(word for text in own_text() for word, _ in splitter.pre_tokenize_str(text.lower()))
    words = {word: [*word[:-1], word[-1] + "</w>"] for word in counts}
    merges = []
    for _ in range(count):
        pairs = Counter()
        for word, pieces in words.items():
            for pair in itertools.pairwise(pieces):
                pairs[pair] += counts[word]
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        words = {word: merge(pieces, best) for word, pieces in words.items()}
    return merges


def merge(pieces, pair):
    merged = []
    for piece in pieces:
        if merged and (merged[-1], piece) == pair:
            merged[-1] += piece
        else:
            merged.append(piece)
    return merged


def published_merges(path):
    """The merges of OpenAI's list that CLIP uses: 49,152 tokens less the bytes twice over."""
    lines = gzip.open(path, "rt", encoding="utf8").read().split("\n")
    return [tuple(line.split()) for line in lines[1 : 49152 - 256 - 2 + 1]]


def bert_tokenizer():
    """Special tokens, characters at a word's start and within, and the whole words of half of our own text."""
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    characters = [chr(c) for c in range(33, 127) if not chr(c).isupper()]
    words = sorted({word for text in own_text() for word in text.lower().split() if len(word) > 2 and word.isascii()})
    ends = sorted({f"##{word[-3:]}" for word in words})
    pieces = [*specials, *characters, *(f"##{c}" for c in characters), *words[::2], *ends]
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.add_special_tokens([AddedToken(special, special=True, normalized=False) for special in specials])
    return tokenizer
