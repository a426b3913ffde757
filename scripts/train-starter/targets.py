"""The teacher's vectors, kept in a file: they take minutes, the training seconds."""

import hashlib
from pathlib import Path

import numpy as np

from teacher import Teacher


def digest(text):
    return hashlib.sha256(text.encode()).digest()[:16]


class TeacherCache:
    """Vectors by text; what the file does not hold is computed and added to it."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.teacher = Teacher()
        self.vectors = np.empty((0, 384), np.float32)
        self.row_of = {}
        path = self.folder / "texts.npz"
        if path.exists():
            with np.load(path) as stored:
                self.vectors = stored["vectors"]
                self.row_of = {bytes(key): row for row, key in enumerate(stored["digests"])}

    def texts(self, texts):
        """float32 (len(texts), 384), unit rows."""
        missing = list(dict.fromkeys(text for text in texts if digest(text) not in self.row_of))
        if missing:
            print(f"teacher: {len(missing)} texts", flush=True)
            self.add(missing, self.teacher.encode(missing))
        return self.vectors[[self.row_of[digest(text)] for text in texts]]

    def add(self, texts, vectors):
        for text in texts:
            self.row_of[digest(text)] = len(self.row_of)
        self.vectors = np.concatenate([self.vectors, vectors])
        digests = np.frombuffer(b"".join(self.row_of), np.uint8).reshape(-1, 16)
        np.savez(self.folder / "texts.npz", vectors=self.vectors, digests=digests)

    def pieces(self):
        """Each word piece alone: float32 (30522, 384)."""
        path = self.folder / "pieces.npy"
        if not path.exists():
            print("teacher: word pieces", flush=True)
            np.save(path, self.teacher.encode_pieces())
        return np.load(path)
