# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""PyTorch's own database of operators and sample inputs: calls and what PyTorch makes of them.

Runs in the PyTorch process alone. Of the samples of an operator for a type, at most _SAMPLES are
taken, evenly spaced over the database's list with the first and the last; the random numbers in
them are seeded.
"""

import itertools
import pickle
import random
import sys
import types
import unittest

import numpy

from cases import exchange
from cases.op_calls import FORMS, Call, find, perform

_TYPES = ("float32", "float64", "bfloat16", "int64", "bool")
_SAMPLES = 10
_ALL = 400


def _database():
    """torch's list of operators. Its module derives test classes from expecttest's, which is not
    needed for what is read here: the standard library's stands in.
    """
    if "expecttest" not in sys.modules:
        stand_in = types.ModuleType("expecttest")
        stand_in.TestCase = unittest.TestCase
        sys.modules["expecttest"] = stand_in
    from torch.testing._internal.common_methods_invocations import op_db

    return {entry.full_name: entry for entry in op_db}


def names(torch):
    """The name in the database, and the operator's, of every entry, by pairs."""
    return [[key, entry.name] for key, entry in _database().items()]


def calls_of(torch, key):
    """Pickled pairs (call, PyTorch's answer or the class of its error)."""
    entry = _database()[key]
    pairs = []
    for kind in _TYPES:
        dtype = getattr(torch, kind)
        if not entry.supports_dtype(dtype, "cpu"):
            continue
        for sample in _samples(torch, entry, dtype):
            pairs += [(kind, *pair) for pair in _answers(torch, entry.name, sample)]
    return pickle.dumps(pairs)


def _samples(torch, entry, dtype):
    torch.manual_seed(0)
    random.seed(0)
    numpy.random.seed(0)
    floating = dtype.is_floating_point
    differentiable = floating and entry.supports_autograd
    samples = entry.sample_inputs("cpu", dtype, requires_grad=differentiable)
    samples = list(itertools.islice(samples, _ALL))
    chosen = {round(i) for i in numpy.linspace(0, len(samples) - 1, _SAMPLES)} if samples else ()
    return [samples[i] for i in sorted(chosen)]


def _answers(torch, name, sample):
    try:
        arguments = exchange.pack(torch, (sample.input, *sample.args))
        named = exchange.pack(torch, sample.kwargs)
    except exchange.Unknown:
        return
    for form in FORMS:
        if find(torch, name, form) is not None:
            call = Call(name, form, arguments, named, True)
            try:
                yield call, perform(torch, call)
            except Exception as error:
                yield call, f"{type(error).__name__}: {error}"


class _Cases(dict):
    """CASES["names"], and CASES["an entry of the database"]."""

    def __missing__(self, key):
        if key == "names":
            return names
        return lambda torch: calls_of(torch, key)


CASES = _Cases()
