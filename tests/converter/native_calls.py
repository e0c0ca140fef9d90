# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluates texts of calls in one framework: what both sides of the comparison share.

An example makes its tensors itself: `f32(2, 3)` is a float32 tensor of that shape, of numbers that
depend on how many were made before it in the same text. Where the framework has torch's methods,
`gradients(lambda: ...)` around a call gives its results, whether they have a history, and the
gradients of those that are real.
"""

import numpy

_TYPES = {
    "f16": "float16",
    "f32": "float32",
    "f64": "float64",
    "i8": "int8",
    "i16": "int16",
    "i32": "int32",
    "i64": "int64",
    "u8": "uint8",
    "b": "bool",
    "c64": "complex64",
}
CONSTRUCTORS = tuple(_TYPES)


def numbers(kind, shape, seed, low=None, high=None):
    """An array of the type; integers lie in [low, high), also where the type has no sign."""
    random = numpy.random.RandomState(seed)
    if kind == "b":
        return random.rand(*shape) < 0.5
    if kind == "c64":
        return (random.uniform(-2, 2, shape) + 1j * random.uniform(-2, 2, shape)).astype("c8")
    if kind[0] == "f":
        spread = random.uniform(-2.0 if low is None else low, 2.0 if high is None else high, shape)
        return spread.astype(_TYPES[kind])
    low = (0 if kind[0] == "u" else -4) if low is None else low
    return random.randint(low, 5 if high is None else high, shape).astype(_TYPES[kind])


class Framework:
    """One framework: `namespace` holds what texts may name, `tensor` makes one of an array."""

    def __init__(self, namespace, tensor, plain):
        """`plain` gives the name of a tensor's type, and its elements as an array."""
        self._namespace = namespace
        self._tensor = tensor
        self._plain = plain

    def evaluate(self, text):
        """The plain result of a text, or its error as a string in a dictionary."""
        made = []
        recorded = []

        def constructor(kind):
            def make(*shape, low=None, high=None, transposed=False):
                tensor = self._tensor(numbers(kind, shape, len(made) + 1, low, high))
                made.append(tensor)
                if recorded and kind[0] == "f":
                    tensor.requires_grad_()
                return tensor.T if transposed else tensor

            return make

        def gradients(call):
            recorded.append(True)
            return self._gradients(call(), made)

        names = {kind: constructor(kind) for kind in _TYPES}
        names |= {"inf": numpy.inf, "nan": numpy.nan, "gradients": gradients}
        names["t"] = lambda values, kind="f32": self._tensor(numpy.array(values, _TYPES[kind]))
        try:
            value = eval(text, {**self._namespace, **names})
            return self._of(value, {tensor.data_ptr() for tensor in made if tensor.numel()})
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}".strip()[:300]}

    def _gradients(self, value, made):
        """Results, which of them have a history, and gradients of a weighted sum of those."""
        results = value if isinstance(value, (list, tuple)) else [value]
        recorded = [getattr(result, "requires_grad", False) for result in results]
        sums = []
        for result, has_history in zip(results, recorded, strict=True):
            if has_history and not result.is_complex():
                weights = self._tensor(numbers("f32", tuple(result.shape), 1)).to(result.dtype)
                sums.append((result * weights).sum())
        if sums:
            sum(sums).backward()
        return [value, recorded, [tensor.grad for tensor in made]]

    def _of(self, value, inputs):
        if isinstance(value, (list, tuple)):
            return [self._of(item, inputs) for item in value]
        if isinstance(value, (bool, int, float, str, type(None))):
            return value
        dtype, array = self._plain(value)
        return {
            "dtype": dtype,
            "shape": tuple(array.shape),
            "array": array,
            "is an input": bool(array.size) and value.data_ptr() in inputs,
        }
