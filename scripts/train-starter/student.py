"""The student: one vector a word piece; a text is the normalised sum of its pieces' vectors.

Weights (SIF at first, learned after that) live in the length of the vectors: the sum is normalised,
so the weighted mean and the weighted sum are the same text vector.
"""

import numpy as np
from scipy import sparse

ADAM_BETAS, ADAM_EPSILON = (0.9, 0.99), 1e-8


def normalise(rows):
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)


def bags(tokenizer, texts):
    """Sparse counts of pieces: CSR (len(texts), vocabulary)."""
    encoded = [e.ids for e in tokenizer.encode_batch(texts, add_special_tokens=False)]
    pointers = np.concatenate([[0], np.cumsum([len(ids) for ids in encoded])])
    pieces = np.concatenate([np.asarray(ids, np.int64) for ids in encoded])
    counts = sparse.csr_matrix(
        (np.ones(len(pieces), np.float32), pieces, pointers), shape=(len(texts), tokenizer.get_vocab_size())
    )
    counts.sum_duplicates()
    return counts


def encode(table, counts):
    return normalise(counts @ table)


class Batch:
    """A batch of bags on the rows of the table that it touches, with the way back for gradients."""

    def __init__(self, table, counts):
        self.rows, local = np.unique(counts.indices, return_inverse=True)
        shape = (counts.shape[0], len(self.rows))
        self.counts = sparse.csr_matrix((counts.data, local, counts.indptr), shape=shape)
        sums = self.counts @ table[self.rows]
        self.lengths = np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-6)
        self.vectors = sums / self.lengths

    def row_gradient(self, gradient):
        """Gradient by unit vectors to gradient by the touched rows of the table."""
        along = (gradient * self.vectors).sum(1, keepdims=True)
        return self.counts.T @ ((gradient - along * self.vectors) / self.lengths)


class SparseAdam:
    """Adam that touches only the rows of a batch; each row counts its own steps."""

    def __init__(self, table):
        self.table = table
        self.mean = np.zeros_like(table)
        self.variance = np.zeros_like(table)
        self.steps = np.zeros((len(table), 1), np.float32)

    def step(self, rows, gradient, rate):
        beta1, beta2 = ADAM_BETAS
        self.steps[rows] += 1
        self.mean[rows] = beta1 * self.mean[rows] + (1 - beta1) * gradient
        self.variance[rows] = beta2 * self.variance[rows] + (1 - beta2) * gradient**2
        mean = self.mean[rows] / (1 - beta1 ** self.steps[rows])
        variance = self.variance[rows] / (1 - beta2 ** self.steps[rows])
        self.table[rows] -= rate * mean / (np.sqrt(variance) + ADAM_EPSILON)


def softmax(logits):
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def regression_step(adam, counts, targets, rate):
    """Loss 1 - cosine to the teacher's vector."""
    batch = Batch(adam.table, counts)
    adam.step(batch.rows, batch.row_gradient(-targets / len(targets)), rate)
    return float(1 - (batch.vectors * targets).sum(1).mean())


def contrast_step(adam, left, right, temperature, rate):
    """InfoNCE with in-batch negatives, both directions (van den Oord et al., 2018)."""
    a, b = Batch(adam.table, left), Batch(adam.table, right)
    logits = a.vectors @ b.vectors.T / temperature
    size = len(logits)
    forward, backward = softmax(logits), softmax(logits.T).T
    gradient = (forward + backward - 2 * np.eye(size, dtype=np.float32)) / (2 * size * temperature)
    for batch, towards in ((a, gradient @ b.vectors), (b, gradient.T @ a.vectors)):
        adam.step(batch.rows, batch.row_gradient(towards), rate)
    return float(-np.log(np.maximum(np.diag(forward), 1e-12)).mean())
