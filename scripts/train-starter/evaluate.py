"""Measures a model folder with ONNX Runtime: nDCG@10 against judgments, and the general-goods check.

    python evaluate.py MODEL_FOLDER [--catalogue FILE.ndjson.gz --judgments FILE.csv]
"""

import argparse
import csv
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from general_check import mean_average_precision
from texts import product_text, read_catalogue

BATCH = 64


class StaticEncoder:
    def __init__(self, folder):
        folder = Path(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(folder / "onnx" / "text_model.onnx"), options)
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_padding()
        self.tokenizer.enable_truncation(512)

    def encode(self, texts):
        """Unit rows, float32 (len(texts), 256)."""
        parts = []
        for start in range(0, len(texts), BATCH):
            encoded = self.tokenizer.encode_batch(texts[start : start + BATCH])
            feeds = {
                "input_ids": np.array([e.ids for e in encoded], np.int64),
                "attention_mask": np.array([e.attention_mask for e in encoded], np.int64),
            }
            parts.append(self.session.run(["text_embeds"], feeds)[0])
        return np.concatenate(parts)


def read_judgments(path):
    """{query: {product id: rating}}"""
    judgments = {}
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            judgments.setdefault(row["query"], {})[row["productId"]] = int(row["rating"])
    return judgments


def ndcg_at_10(ranked, ratings):
    """Gain 2^rating - 1, discount log2(rank + 1); unjudged products count as 0."""
    discounts = 1 / np.log2(np.arange(2, 12))

    def dcg(values):
        return sum((2.0**value - 1) * discount for value, discount in zip(values, discounts, strict=False))

    ideal = dcg(sorted(ratings.values(), reverse=True)[:10])
    return dcg([ratings.get(product, 0) for product in ranked[:10]]) / ideal if ideal else 0.0


def judge(encode, products, judgments):
    """Exact search over all products. Returns (plain nDCG@10, judged-only nDCG@10), means over queries."""
    vectors = encode([product_text(product) for product in products])
    ids = [product["id"] for product in products]
    queries = encode(list(judgments))
    plain, judged_only = [], []
    for vector, ratings in zip(queries, judgments.values(), strict=True):
        ranked = [ids[i] for i in np.argsort(-(vectors @ vector), kind="stable")]
        plain.append(ndcg_at_10(ranked, ratings))
        judged_only.append(ndcg_at_10([product for product in ranked if product in ratings], ratings))
    return float(np.mean(plain)), float(np.mean(judged_only))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--catalogue")
    parser.add_argument("--judgments")
    options = parser.parse_args()
    encoder = StaticEncoder(options.model)
    print(f"general goods: MAP {mean_average_precision(encoder.encode):.4f}")
    if options.catalogue and options.judgments:
        products = read_catalogue(options.catalogue)
        plain, judged_only = judge(encoder.encode, products, read_judgments(options.judgments))
        print(f"judgments over {len(products)} products: nDCG@10 {plain:.4f} plain, {judged_only:.4f} judged-only")


if __name__ == "__main__":
    main()
