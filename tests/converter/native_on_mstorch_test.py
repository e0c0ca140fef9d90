# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""With `mstorch.mint_cpu` every call that becomes MindSpore's takes mstorch's tensors on the CPU,
and gives tensors of mstorch with PyTorch's values and gradients.
"""

import re

import mindspore
import numpy
import pytest

import mstorch
import native_examples
from mstorch import mint_cpu
from native_calls import Framework
from torch2ms import native_forms

FORMS = {
    f"{form.torch} -> {form.mindspore}": form
    for name in native_forms.names()
    for form in native_forms.forms(name)
    if not form.stays
}
CASES = {name: native_examples.cases_of(form) for name, form in FORMS.items()}
# MindSpore has no derivative, or its kernel takes no tensor without elements: errors, both.
WITHOUT_GRADIENT = {
    "mindspore.ops.channel_shuffle",
    "mindspore.ops.orgqr",
    "mindspore.mint.cumprod",
}
# Torch has no derivative, and MindSpore has one.
WITHOUT_GRADIENT_IN_TORCH = re.compile(r"torch\.special\.(scaled_)?(modified_)?bessel_\w+")


def _plain(value):
    assert type(value) is mstorch.Tensor, f"{type(value)} is no tensor of mstorch"
    return str(value.dtype).removeprefix("torch."), value.detach().numpy()


def with_gradients(text: str) -> str:
    return f"gradients(lambda: {text})"


@pytest.fixture(scope="module")
def ours() -> Framework:
    return Framework({"mindspore": mindspore}, mstorch.from_numpy, _plain)


@pytest.fixture(scope="module")
def theirs() -> dict[str, object]:
    """What PyTorch makes of every text of torch."""
    texts = [with_gradients(case.torch) for cases in CASES.values() for case in cases]
    return native_examples.in_torch(texts)


def difference(ours, theirs, bound: float) -> str | None:
    """How a plain result differs from PyTorch's, or None."""
    if isinstance(theirs, list) and isinstance(ours, list) and len(ours) == len(theirs):
        pairs = zip(ours, theirs, strict=True)
        return next(filter(None, (difference(a, b, bound) for a, b in pairs)), None)
    if not isinstance(theirs, dict) or "array" not in theirs or "array" not in ours:
        same = type(ours) is type(theirs) and ours == theirs
        return None if same else f"{ours!r} where torch has {theirs!r}"
    for part in ("dtype", "shape", "is an input"):
        if ours[part] != theirs[part]:
            return f"{part} {ours[part]} where torch has {theirs[part]}"
    exact = theirs["array"].dtype.kind in "biu"
    top = (
        0.0 if exact else numpy.abs(theirs["array"][numpy.isfinite(theirs["array"])]).max(initial=1)
    )
    relative = 0.0 if exact else bound
    close = numpy.isclose(
        ours["array"], theirs["array"], relative, relative * float(top), equal_nan=True
    )
    return None if close.all() else f"{ours['array']} where torch has {theirs['array']}"


def failed(result) -> bool:
    """Whether the framework raised an error."""
    return isinstance(result, dict) and "error" in result


@pytest.mark.parametrize("name", FORMS)
def test_a_converted_call_has_the_values_and_gradients_of_torch(ours, theirs, name: str) -> None:
    form = FORMS[name]
    bound = form.all_bounds()["float32"]
    refused = False
    for case in CASES[name]:
        expected = theirs[with_gradients(case.torch)]
        if failed(expected):
            continue
        result = ours.evaluate(with_gradients(case.mindspore))
        if failed(result) and form.target in WITHOUT_GRADIENT:
            refused = True
            result, expected = ours.evaluate(case.mindspore), expected[0]
        elif WITHOUT_GRADIENT_IN_TORCH.fullmatch(form.name):
            assert expected[1] == [False]
            result, expected = result[0], expected[0]
        found = difference(result, expected, bound)
        assert found is None, f"{case.mindspore}: {found}"
    assert refused == (form.target in WITHOUT_GRADIENT)


def test_every_function_that_calls_become_is_served() -> None:
    called = {
        name
        for form in FORMS.values()
        for name in re.findall(r"mindspore\.(?:mint|ops)[.\w]*(?=\()", form.mindspore)
    }
    assert called
    assert called <= {*mint_cpu.REPLACED, *mint_cpu.COMPOSED, *mint_cpu.ADOPTED}
