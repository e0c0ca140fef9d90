# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Which piece of the text a step trains on: a function of seed and position, without hidden state.

The text is cut into windows of seq_len + 1 tokens that overlap by one. Every epoch visits all of
them once in an order of its own. Since the n-th sample depends on n and the seed alone, a run
resumes by its number of samples.
"""

import zlib

import numpy as np

from mstrain.errors import UserError


class Sampler:
    """Draws batches from an array of tokens."""

    def __init__(self, tokens: np.ndarray, seq_len: int, seed: int) -> None:
        """Takes tokens of shape [n], uint16. Raises UserError if they do not fill one window."""
        self.tokens = tokens
        self.seq_len = seq_len
        self.seed = seed
        self.windows = (len(tokens) - 1) // seq_len
        if self.windows < 1:
            raise UserError(
                f"the text has {len(tokens)} tokens and one sample takes {seq_len + 1}; "
                "give more text or a smaller --seq-len"
            )
        self._epoch = -1
        self._order = np.empty(0, dtype=np.int64)

    def fingerprint(self) -> str:
        """Names the text: number of tokens and their CRC-32."""
        return f"{len(self.tokens)} tokens, crc32 {zlib.crc32(self.tokens.tobytes()):08x}"

    def _order_of(self, epoch: int) -> np.ndarray:
        """The order of the windows in one epoch, shape [windows].

        Ranks raw generator words: those are specified by NumPy to stay the same in all versions,
        which its permutations are not.
        """
        if epoch != self._epoch:
            words = np.random.Philox(key=[self.seed, epoch]).random_raw(self.windows)
            self._order = np.argsort(words, kind="stable")
            self._epoch = epoch
        return self._order

    def sample(self, number: int) -> np.ndarray:
        """The sample with this number, counted from 0: int64, shape [seq_len + 1]."""
        epoch, place = divmod(number, self.windows)
        start = int(self._order_of(epoch)[place]) * self.seq_len
        return self.tokens[start : start + self.seq_len + 1].astype(np.int64)

    def batch(self, first: int, size: int) -> np.ndarray:
        """Samples first .. first + size - 1: int64, shape [size, seq_len + 1]."""
        return np.stack([self.sample(first + i) for i in range(size)])
