"""Prints the SHA-256 of all tokens of a query log by the Rust tokenizers: one line a query, ids separated by spaces.

usage: clip_tokens.py bpe_simple_vocab_16e6.txt.gz query-log.tsv
"""

import hashlib
import sys

from tokenizer_files import clip_tokenizer, published_merges

vocabulary, log = sys.argv[1:]
tokenizer = clip_tokenizer(published_merges(vocabulary))
assert tokenizer.encode("a photo of a cat").ids == [49406, 320, 1125, 539, 320, 2368, 49407]
rows = open(log, encoding="utf8").read().split("\n")[1:]
queries = [row.split("\t")[0] for row in rows if row]
lines = [" ".join(map(str, tokenizer.encode(query).ids)) for query in queries]
print(len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest())
