"""Catalogues as text: how a product becomes one string, and the phrases the teacher is asked about."""

import gzip
import html
import json
import re

DESCRIPTION_CHARACTERS = 200


def plain(value):
    """HTML stripped, entities decoded, white space folded."""
    if not isinstance(value, str):
        return ""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", value)).split())


def product_text(product):
    """Title, brand, category and the first 200 characters of the description, joined with one space."""
    description = plain(product.get("description"))[:DESCRIPTION_CHARACTERS].strip()
    parts = [plain(product.get(field)) for field in ("title", "brand", "category")] + [description]
    return " ".join(part for part in parts if part)


def title_side(product):
    return plain(product.get("title"))


def other_side(product):
    """Category and description: what a title is to be found by, and the reverse."""
    description = plain(product.get("description"))[:DESCRIPTION_CHARACTERS].strip()
    if description == title_side(product):
        description = ""
    return " ".join(part for part in (plain(product.get("category")), description) if part)


def read_catalogue(path):
    """Products of an NDJSON file, gzip or plain; lines that are not products are skipped."""
    opener = gzip.open if str(path).endswith(".gz") else open
    products = []
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                product = json.loads(line)
                if plain(product.get("title")):
                    products.append(product)
    return products


def vocabulary_words(tokenizer):
    """Whole words of the vocabulary: letters only, three or more, no continuation pieces."""
    vocabulary = tokenizer.get_vocab()
    return sorted(word for word in vocabulary if re.fullmatch(r"[a-z]{3,}", word))


def random_phrases(words, count, random):
    """`count` phrases of one to six words drawn evenly, so that rare words are asked about too."""
    return [" ".join(random.choice(words) for _ in range(random.randint(1, 6))) for _ in range(count)]


def title_fragments(products, count, random):
    """`count` runs of one to four words out of titles: texts as short as queries are."""
    fragments = []
    for _ in range(count):
        words = title_side(random.choice(products)).split()
        length = min(len(words), random.randint(1, 4))
        start = random.randint(0, len(words) - length)
        fragments.append(" ".join(words[start : start + length]))
    return fragments
