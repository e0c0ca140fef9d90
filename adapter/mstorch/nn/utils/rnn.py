# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.nn.utils.rnn: sequences of different lengths, padded and packed."""

import collections

from mstorch import _dtypes
from mstorch._errors import module_getattr
from mstorch._ops import creation, views
from mstorch._tensor import Tensor


class PackedSequence(
    collections.namedtuple(
        "PackedSequence", ["data", "batch_sizes", "sorted_indices", "unsorted_indices"]
    )
):
    """The elements of sequences, step by step, the longest sequence first: `batch_sizes` says how
    many sequences still go on at each step.
    """

    __slots__ = ()

    def __new__(cls, data, batch_sizes=None, sorted_indices=None, unsorted_indices=None):
        if unsorted_indices is None and sorted_indices is not None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args, **kwargs):
        """The same with the data in another type."""
        return self._replace(data=self.data.to(*args, **kwargs))


def invert_permutation(permutation):
    """The order that undoes another."""
    if permutation is None:
        return None
    places = creation.arange(permutation.numel())
    return creation.empty_like(permutation).scatter_(0, permutation, places)


def pad_sequence(sequences, batch_first=False, padding_value=0.0, padding_side="right"):
    """Tensors of different lengths in one, with a value where a sequence has ended, or has not
    begun with `padding_side="left"`.
    """
    if padding_side not in ("left", "right"):
        raise RuntimeError(
            f"Expected padding_side to be one of left or right, but got {padding_side}."
        )
    if isinstance(sequences, Tensor):
        sequences = sequences.unbind(0)
    elif not isinstance(sequences, collections.abc.Iterable):
        raise RuntimeError(
            "pad_sequence: Expected iterable for input sequences, but got arg of type: "
            f"{type(sequences)}"
        )
    sequences = list(sequences)
    if not sequences:
        raise RuntimeError("received an empty list of sequences")
    length = max(sequence.shape[0] for sequence in sequences)
    rows = []
    for sequence in sequences:
        missing = length - sequence.shape[0]
        padding = sequence.new_full((missing, *sequence.shape[1:]), padding_value)
        pair = (padding, sequence) if padding_side == "left" else (sequence, padding)
        rows.append(views.cat(pair) if missing else sequence)
    return views.stack(rows, 0 if batch_first else 1)


def unpad_sequence(padded_sequences, lengths, batch_first=False):
    """The sequences that pad_sequence has put together."""
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    return [
        sequence[: int(length)] for sequence, length in zip(padded_sequences, lengths, strict=False)
    ]


def pack_padded_sequence(input, lengths, batch_first=False, enforce_sorted=True):
    """Padded sequences as a PackedSequence. With `enforce_sorted` the longest come first."""
    lengths = creation.tensor(lengths) if not isinstance(lengths, Tensor) else lengths
    order = None
    if not enforce_sorted:
        lengths, order = lengths.sort(descending=True)
        input = input.index_select(0 if batch_first else 1, order)
    counts = lengths.tolist()
    if not counts or min(counts) <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' "
            "that is <= 0"
        )
    if counts != sorted(counts, reverse=True):
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You "
            "can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to "
            "sidestep this requirement if you do not need ONNX exportability."
        )
    steps = input.transpose(0, 1) if batch_first else input
    if len(counts) != steps.shape[1]:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(counts)} "
            f"(batch_size={steps.shape[1]})"
        )
    sizes = [sum(count > step for count in counts) for step in range(counts[0])]
    data = views.cat([steps[step, :size] for step, size in enumerate(sizes)])
    return PackedSequence(data, creation.tensor(sizes, dtype=_dtypes.int64), order)


def pad_packed_sequence(sequence, batch_first=False, padding_value=0.0, total_length=None):
    """The padded sequences of a PackedSequence, and their lengths."""
    sizes = sequence.batch_sizes.tolist()
    length = len(sizes) if total_length is None else total_length
    if length < len(sizes):
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, but "
            f"got total_length={total_length} and max sequence length being {len(sizes)}"
        )
    lengths = [sum(size > place for size in sizes) for place in range(sizes[0])]
    firsts = [sum(sizes[:step]) for step in range(len(sizes))]
    columns = [
        sequence.data[[firsts[step] + place for step in range(count)]]
        for place, count in enumerate(lengths)
    ]
    padded = pad_sequence(columns, True, padding_value)
    if length > len(sizes):
        shape = (padded.shape[0], length - len(sizes), *padded.shape[2:])
        padded = views.cat([padded, padded.new_full(shape, padding_value)], 1)
    lengths = creation.tensor(lengths)
    if sequence.unsorted_indices is not None:
        padded, lengths = padded[sequence.unsorted_indices], lengths[sequence.unsorted_indices]
    return (padded if batch_first else padded.transpose(0, 1)), lengths


def pack_sequence(sequences, enforce_sorted=True):
    """Sequences of different lengths as a PackedSequence."""
    lengths = [sequence.shape[0] for sequence in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences):
    """The sequences of a PackedSequence."""
    return unpad_sequence(*pad_packed_sequence(packed_sequences, True), batch_first=True)


__getattr__ = module_getattr("torch.nn.utils.rnn")
