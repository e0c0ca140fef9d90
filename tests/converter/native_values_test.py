# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Every form of target `native` gives PyTorch's values, types and shapes, however it is spelt."""

import mindspore
import numpy
import pytest

import native_examples
from native_calls import Framework, tensor_record
from torch2ms import native_forms

_RELATIVE = {"float32": 1e-5, "float64": 1e-12, "complex64": 1e-5, "complex128": 1e-12}
CASES = {
    case.torch: case for text in native_examples.examples() for case in native_examples.spelt(text)
}
SWEPT = {text: native_examples.swept(text) for text in native_examples.examples()}


def _plain(value):
    assert isinstance(value, mindspore.Tensor), f"{type(value)} is no tensor"
    dtype = str(value.dtype).lower()
    return tensor_record("bool" if dtype.startswith("bool") else dtype, value.asnumpy())


@pytest.fixture(scope="session")
def ours():
    """MindSpore, which reports a missing kernel at the call that needs it."""
    mindspore.runtime.launch_blocking()
    return Framework({"mindspore": mindspore}, mindspore.Tensor, _plain)


@pytest.fixture(scope="session")
def theirs():
    """What PyTorch makes of every text of torch."""
    texts = [*CASES, *(case.torch for cases in SWEPT.values() for _, case in cases)]
    return native_examples.in_torch(texts)


def failed(result) -> bool:
    """Whether the framework raised an error."""
    return isinstance(result, dict) and "error" in result


def difference(ours, theirs, tolerance: float | None) -> str | None:
    """How a result differs from PyTorch's, or None."""
    if failed(ours) or failed(theirs):
        return f"{ours} where torch has {theirs}"
    if isinstance(theirs, list):
        if not isinstance(ours, list) or len(ours) != len(theirs):
            return f"{ours} where torch has {theirs}"
        pairs = zip(ours, theirs, strict=True)
        return next(filter(None, (difference(a, b, tolerance) for a, b in pairs)), None)
    if not isinstance(theirs, dict):
        same = type(ours) is type(theirs) and ours == theirs
        return None if same else f"{ours!r} where torch has {theirs!r}"
    if not isinstance(ours, dict):
        return f"{ours!r} where torch has a tensor"
    for part in ("dtype", "shape"):
        if ours[part] != theirs[part]:
            return f"{part} {ours[part]} where torch has {theirs[part]}"
    relative = _RELATIVE.get(theirs["dtype"], 0)
    if theirs["dtype"] == "float32" and tolerance is not None:
        relative = tolerance
    absolute = 0.0
    if theirs["dtype"] == "float16":
        relative, absolute = 4e-3, 1e-3
    close = numpy.isclose(ours["array"], theirs["array"], relative, absolute, equal_nan=True)
    return None if close.all() else f"{ours['array']} where torch has {theirs['array']}"


@pytest.mark.parametrize("text", CASES)
def test_a_converted_call_gives_the_values_of_torch(ours, theirs, text: str) -> None:
    case = CASES[text]
    if case.form.unproven:
        return
    assert not failed(theirs[text]), theirs[text]
    found = difference(ours.evaluate(case.mindspore), theirs[text], case.form.tolerance)
    assert found is None, f"{case.mindspore}: {found}"


@pytest.mark.parametrize("text", SWEPT)
def test_other_types_give_the_values_of_torch_or_an_error(ours, theirs, text: str) -> None:
    differ = {}
    for kind, case in SWEPT[text]:
        if failed(theirs[case.torch]) or case.form.unproven:
            continue
        result = ours.evaluate(case.mindspore)
        if not failed(result):
            found = difference(result, theirs[case.torch], case.form.tolerance)
            if found is not None:
                differ.setdefault(kind, f"{case.mindspore}: {found}")
    known = native_examples.form_of(text).excepts
    assert not {kind: why for kind, why in differ.items() if kind not in known}


def test_every_form_has_an_example() -> None:
    shown = {case.form.torch + case.form.mindspore for case in CASES.values()}
    every = [form for name in native_forms.names() for form in native_forms.forms(name)]
    assert [form.torch for form in every if form.torch + form.mindspore not in shown] == []


_FORMS = {
    f"{form.torch} -> {form.mindspore}": form
    for name in native_forms.names()
    for form in native_forms.forms(name)
}


@pytest.mark.parametrize("name", [name for name, form in _FORMS.items() if form.unproven])
def test_a_form_that_is_not_proven_fails_or_differs(ours, theirs, name: str) -> None:
    mine = [case for case in CASES.values() if case.form is _FORMS[name]]
    assert not [case.torch for case in mine if failed(theirs[case.torch])]
    differences = [
        difference(ours.evaluate(case.mindspore), theirs[case.torch], case.form.tolerance)
        for case in mine
    ]
    assert any(differences), "this form can be proven"


def test_how_many_forms_are_proven(capsys) -> None:
    forms = _FORMS.values()
    only = sum(1 for form in forms if form.unproven)
    with capsys.disabled():
        print(
            f"\n{len(native_forms.names())} functions of torch, {len(forms)} forms:"
            f" {len(forms) - only} proven, {only} signature only,"
            f" {sum(1 for form in forms if form.template)} composed,"
            f" {sum(1 for form in forms if form.excepts)} with exceptions"
        )
    assert only < len(forms)
