"""Writes the tokens that the Rust tokenizers make of nasty texts, for a test to compare with: see README.md.

usage: nasty_tokens.py FIXTURES      (the folder that holds tiny-clip and tiny-bert)
"""

import hashlib
import json
import sys
from pathlib import Path

from tokenizers import Tokenizer

from texts import LONG_TEXTS, NASTY_TEXTS

CODE_POINTS_A_ROW = 32
LAST_CODE_POINT = 0x323AF


def rows_of_code_points():
    """Every code point that a text can hold, in rows: each between letters, so that it can split or join them."""
    for first in range(0, LAST_CODE_POINT + 1, CODE_POINTS_A_ROW):
        points = [c for c in range(first, first + CODE_POINTS_A_ROW) if not 0xD800 <= c <= 0xDFFF]
        if points:
            yield " ".join(f"a{chr(c)}b" for c in points)


def main(fixtures):
    for name in ("tiny-clip", "tiny-bert"):
        tokenizer = Tokenizer.from_file(str(fixtures / name / "tokenizer.json"))
        texts = [{"text": text, "tokens": tokenizer.encode(text).ids} for text in NASTY_TEXTS]
        long = [{"piece": piece, "times": times, "digest": digest(tokenizer, piece * times)} for piece, times in LONG_TEXTS]
        rows = " ".join(digest(tokenizer, text) for text in rows_of_code_points())
        with open(fixtures / name / "nasty-tokens.json", "w", encoding="utf8") as file:
            texts, long = (",\n".join(json.dumps(row, ensure_ascii=False) for row in table) for table in (texts, long))
            file.write(f'{{"texts": [\n{texts}\n],\n"long": [\n{long}\n],\n"rows": "{rows}"}}\n')


def digest(tokenizer, text):
    ids = " ".join(map(str, tokenizer.encode(text).ids))
    return hashlib.sha256(ids.encode()).hexdigest()[:8]


main(Path(sys.argv[1]))
