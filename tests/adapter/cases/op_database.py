# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""PyTorch's own database of operators and sample inputs: calls and what PyTorch makes of them.

Runs in the PyTorch process alone. Of the samples of an operator for a type, at most _SAMPLES are
taken, evenly spaced over the database's list with the first and the last; the random numbers in
them are seeded.
"""

import contextlib
import itertools
import pickle
import random
import sys
import types
import unittest

import numpy

from cases import exchange
from cases.op_calls import FORMS, Call, find, kept, perform
from cases.plain import ERRORS

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
            forms, times = _forms(torch, entry, dtype), _derivatives(entry, dtype)
            pairs += [(kind, *pair) for pair in _answers(torch, entry, sample, forms, times)]
    return pickle.dumps(pairs)


def _samples(torch, entry, dtype, count=_SAMPLES):
    torch.manual_seed(0)
    random.seed(0)
    numpy.random.seed(0)
    floating = dtype.is_floating_point
    differentiable = floating and entry.supports_autograd
    samples = entry.sample_inputs("cpu", dtype, requires_grad=differentiable)
    samples = list(itertools.islice(samples, _ALL))
    chosen = {round(i) for i in numpy.linspace(0, len(samples) - 1, count)} if samples else ()
    return [samples[i] for i in sorted(chosen)]


def _derivatives(entry, dtype):
    """How often a call is differentiated: second derivatives are compared in float64 alone."""
    if not dtype.is_floating_point or not entry.supports_autograd:
        return 0
    return 2 if entry.supports_gradgrad and dtype.itemsize == 8 else 1


def _forms(torch, entry, dtype):
    """The forms of calls that there are; those about memory are made for two types alone."""
    forms = [form for form in FORMS if find(torch, entry.name, form) is not None]
    if not entry.supports_out:
        forms.remove("out") if "out" in forms else None
    few = dtype in (torch.float32, torch.int64)
    return [form for form in forms if few or form not in ("strided", "out")]


def _calls(torch, entry, sample, forms, derivatives):
    try:
        arguments = exchange.pack(torch, (sample.input, *sample.args))
        named = exchange.pack(torch, sample.kwargs)
    except exchange.Unknown:
        return
    for form in forms:
        # Second derivatives do not depend on how the operator was called.
        times = min(derivatives, 1) if form == "method" else derivatives
        yield Call(entry.name, form, arguments, named, times)


def _answers(torch, entry, sample, forms, derivatives):
    for call in _calls(torch, entry, sample, forms, derivatives):
        try:
            yield call, perform(torch, call)
        except exchange.Unknown:
            continue
        except Exception as error:
            kind = next((k for k in ERRORS if isinstance(error, k)), type(error))
            yield call, f"{kind.__name__}: {error}"


def refusals_of(torch, key):
    """Pickled pairs (call, the class and message of PyTorch's error) of an entry's wrong inputs."""
    entry = _database()[key]
    if entry.error_inputs_func is None:
        return pickle.dumps([])
    torch.manual_seed(0)
    random.seed(0)
    pairs = []
    for wrong in entry.error_inputs("cpu"):
        sample = wrong.sample_input
        methods = ["method"] if isinstance(sample.input, torch.Tensor) else []
        forms = [f for f in ["function", *methods] if find(torch, entry.name, f) is not None]
        found = _answers(torch, entry, sample, forms, 0)
        pairs += [(call, answer) for call, answer in found if isinstance(answer, str)]
    return pickle.dumps(pairs)


_KEPT_SAMPLES = 3


def kept_of(torch, key):
    """Pickled pairs (call, what its backward pass keeps) of some samples of an entry."""
    entry = _database()[key]
    if not entry.supports_autograd or not entry.supports_dtype(torch.float64, "cpu"):
        return pickle.dumps([])
    there = [f for f in ("function", "method") if find(torch, entry.name, f) is not None][:1]
    if find(torch, entry.name, "in place") is not None:
        there.append("in place")
    pairs = []
    for sample in _samples(torch, entry, torch.float64, _KEPT_SAMPLES):
        for call in _calls(torch, entry, sample, there, 1):
            with contextlib.suppress(Exception):  # what is refused is compared elsewhere
                pairs.append((call, kept(torch, call)))
    return pickle.dumps(pairs)


class _Cases(dict):
    """CASES["names"], CASES["an entry of the database"], of its wrong inputs
    CASES["refusals of an entry"], and of backward passes CASES["kept by an entry"].
    """

    def __missing__(self, key):
        if key == "names":
            return names
        for prefix, work in (("refusals of ", refusals_of), ("kept by ", kept_of)):
            if key.startswith(prefix):
                return lambda torch: work(torch, key.removeprefix(prefix))
        return lambda torch: calls_of(torch, key)


CASES = _Cases()
