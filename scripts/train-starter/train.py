"""Makes the starter encoder. See README.md beside this file.

    python train.py --catalogue FILE.ndjson.gz [--catalogue FILE …] --out MODEL_FOLDER
"""

import argparse
import os
import random
import re
from dataclasses import dataclass

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: one thread, so that sums have one order

import numpy as np

from export import write_model_folder
from general_check import mean_average_precision
from general_goods import general_phrases, general_products
from student import SparseAdam, bags, contrast_step, encode, normalise, regression_step
from targets import TeacherCache
from texts import (
    other_side,
    product_text,
    random_phrases,
    read_catalogue,
    title_fragments,
    title_side,
    vocabulary_words,
)

DIMENSIONS = 256


@dataclass
class Settings:
    seed: int = 1
    phrases: int = 60_000
    fragments: int = 20_000
    general_variants: int = 8
    sif_a: float = 1e-3
    regression_epochs: int = 6
    regression_batch: int = 256
    regression_rate: float = 3e-3
    contrast_epochs: int = 6
    contrast_batch: int = 512
    contrast_rate: float = 1e-3
    temperature: float = 0.05
    anchor: int = 1024  # texts of regression beside each batch of InfoNCE, so that it forgets nothing


def training_texts(products, tokenizer, settings):
    """{label: texts} for the regression. Every group is drawn with a seed of its own."""
    general = general_products(settings.general_variants, random.Random(settings.seed))
    words = vocabulary_words(tokenizer)
    return {
        "phrases": random_phrases(words, settings.phrases, random.Random(settings.seed)),
        "products": [product_text(product) for product in products],
        "fragments": title_fragments(products, settings.fragments, random.Random(settings.seed + 1)),
        "general": [product_text(product) for product in general],
        "general-phrases": general_phrases(),
    }


def contrast_pairs(products, settings):
    """(title, category and description) of every product that has both."""
    general = general_products(settings.general_variants, random.Random(settings.seed))
    pairs = [(title_side(product), other_side(product)) for product in products + general]
    return [pair for pair in pairs if all(pair)]


def projection(*groups):
    """The 384 x 256 basis that keeps most of the teacher's vectors (PCA without centring: cosines stay)."""
    moment = sum(group.T @ group / len(group) for group in groups)
    _, basis = np.linalg.eigh(moment)
    return np.ascontiguousarray(basis[:, ::-1][:, :DIMENSIONS]).astype(np.float32)


def is_weightless(piece):
    return re.fullmatch(r"\[(PAD|UNK|CLS|SEP|MASK|unused\d+)\]", piece) is not None


def initial_table(pieces, counts, tokenizer, settings):
    """Each piece's own vector times a / (a + p), the smooth inverse frequency (Arora et al., 2017)."""
    frequency = np.asarray(counts.sum(0)).ravel()
    weights = settings.sif_a / (settings.sif_a + frequency / frequency.sum())
    for piece, number in tokenizer.get_vocab().items():
        if is_weightless(piece):
            weights[number] = 0
    return (pieces * weights[:, None]).astype(np.float32)


def batches(size, batch, generator):
    order = generator.permutation(size)
    return [order[start : start + batch] for start in range(0, size - batch + 1, batch)]


def regress(table, counts, targets, settings, generator):
    adam = SparseAdam(table)
    plan = [
        rows
        for _ in range(settings.regression_epochs)
        for rows in batches(len(targets), settings.regression_batch, generator)
    ]
    losses = []
    for step, rows in enumerate(plan):
        rate = settings.regression_rate * (1 - step / len(plan))
        losses.append(regression_step(adam, counts[rows], targets[rows], rate))
    print(f"regression: {len(plan)} steps, 1 - cosine {np.mean(losses[:100]):.4f} to {np.mean(losses[-100:]):.4f}")


def contrast(table, left, right, counts, targets, settings, generator):
    adam, anchor = SparseAdam(table), SparseAdam(table)
    plan = [
        rows
        for _ in range(settings.contrast_epochs)
        for rows in batches(left.shape[0], settings.contrast_batch, generator)
    ]
    losses = []
    for step, rows in enumerate(plan):
        rate = settings.contrast_rate * (1 - step / len(plan))
        losses.append(contrast_step(adam, left[rows], right[rows], settings.temperature, rate))
        texts = generator.integers(0, len(targets), settings.anchor)
        regression_step(anchor, counts[texts], targets[texts], rate)
    print(f"contrast: {len(plan)} steps, InfoNCE {np.mean(losses[:20]):.4f} to {np.mean(losses[-20:]):.4f}")


def train(products, cache, settings):
    """Returns the table, float32 (30522, 256)."""
    tokenizer = cache.teacher.tokenizer
    generator = np.random.default_rng(settings.seed)
    groups = training_texts(products, tokenizer, settings)
    vectors = {label: cache.texts(texts) for label, texts in groups.items()}
    pieces = cache.pieces()
    basis = projection(pieces, *vectors.values())
    targets = normalise(np.concatenate(list(vectors.values())) @ basis)
    counts = bags(tokenizer, [text for texts in groups.values() for text in texts])
    table = initial_table(pieces @ basis, counts, tokenizer, settings)
    frozen = ~table.any(1)
    regress(table, counts, targets, settings, generator)
    pairs = contrast_pairs(products, settings)
    left, right = (bags(tokenizer, list(side)) for side in zip(*pairs, strict=True))
    contrast(table, left, right, counts, targets, settings, generator)
    table[frozen] = 0
    return table


def held_out_recall(table, tokenizer, products):
    """How well titles find their own category and description among those of `products`: (share first, MRR)."""
    pairs = [(title_side(product), other_side(product)) for product in products]
    pairs = [pair for pair in pairs if all(pair)]
    titles, others = (encode(table, bags(tokenizer, list(side))) for side in zip(*pairs, strict=True))
    scores = titles @ others.T
    ranks = (scores > np.diag(scores)[:, None]).sum(1)
    return float((ranks == 0).mean()), float((1 / (1 + ranks)).mean())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--catalogue", action="append", required=True, help="NDJSON, may be .gz; repeatable")
    parser.add_argument("--out", required=True, help="the model folder to write")
    parser.add_argument("--cache", default=".cache", help="folder for the teacher's vectors")
    parser.add_argument("--hold-out", type=int, default=0, help="products to leave out and to report on")
    options = parser.parse_args()
    settings = Settings()
    cache = TeacherCache(options.cache)
    products = [product for path in options.catalogue for product in read_catalogue(path)]
    random.Random(settings.seed).shuffle(products)
    held_out, products = products[: options.hold_out], products[options.hold_out :]
    table = train(products, cache, settings)
    tokenizer = cache.teacher.tokenizer
    general = mean_average_precision(lambda texts: encode(table, bags(tokenizer, texts)))
    print(f"general goods: MAP {general:.4f}")
    if held_out:
        first, reciprocal = held_out_recall(table, tokenizer, held_out)
        print(f"held out, title to category and description: first {first:.4f}, MRR {reciprocal:.4f}")
    write_model_folder(options.out, table)


if __name__ == "__main__":
    main()
