# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Every form of target `native` gives PyTorch's values, types and shapes, however it is spelt."""

import mindspore
import numpy
import pytest

import native_examples
from native_calls import Framework
from torch2ms import native_forms

_REAL = {"complex64": "float32", "complex128": "float64"}
FORMS = {
    f"{form.torch} -> {form.mindspore}": form
    for name in native_forms.names()
    for form in native_forms.forms(name)
}
CASES = {name: native_examples.cases_of(form) for name, form in FORMS.items()}
SWEPT = {
    name: [
        kind_and_case
        for text in native_examples.examples()
        if native_examples.form_of(text) is form
        for kind_and_case in native_examples.swept(text)
    ]
    + [(kind, case) for kind, case in native_examples.exceptions() if case.form is form]
    for name, form in FORMS.items()
}
PROVEN = [name for name, form in FORMS.items() if not form.unproven]


def _plain(value):
    assert isinstance(value, mindspore.Tensor), f"{type(value)} is no tensor"
    dtype = str(value.dtype).lower()
    return "bool" if dtype.startswith("bool") else dtype, value.asnumpy()


@pytest.fixture(scope="session")
def ours():
    """MindSpore, which reports a missing kernel at the call that needs it."""
    mindspore.runtime.launch_blocking()
    return Framework({"mindspore": mindspore}, mindspore.Tensor, _plain)


@pytest.fixture(scope="session")
def theirs():
    """What PyTorch makes of every text of torch."""
    texts = [case.torch for cases in CASES.values() for case in cases]
    texts += [case.torch for cases in SWEPT.values() for _, case in cases]
    return native_examples.in_torch(texts)


def failed(result) -> bool:
    """Whether the framework raised an error."""
    return isinstance(result, dict) and "error" in result


def difference(ours, theirs, bounds: dict[str, float]) -> str | None:
    """How a result differs from PyTorch's, or None."""
    if failed(ours) or failed(theirs):
        return f"{ours} where torch has {theirs}"
    if isinstance(theirs, list):
        if not isinstance(ours, list) or len(ours) != len(theirs):
            return f"{ours} where torch has {theirs}"
        pairs = zip(ours, theirs, strict=True)
        return next(filter(None, (difference(a, b, bounds) for a, b in pairs)), None)
    if not isinstance(theirs, dict):
        same = type(ours) is type(theirs) and ours == theirs
        return None if same else f"{ours!r} where torch has {theirs!r}"
    if not isinstance(ours, dict):
        return f"{ours!r} where torch has a tensor"
    for part in ("dtype", "shape", "is an input"):
        if ours[part] != theirs[part]:
            return f"{part} {ours[part]} where torch has {theirs[part]}"
    relative = bounds.get(_REAL.get(theirs["dtype"], theirs["dtype"]), 0)
    absolute = 0.0
    if theirs["dtype"] == "float16":
        relative, absolute = 4e-3, 1e-3
    close = numpy.isclose(ours["array"], theirs["array"], relative, absolute, equal_nan=True)
    return None if close.all() else f"{ours['array']} where torch has {theirs['array']}"


@pytest.mark.parametrize("name", FORMS)
def test_every_form_has_examples_with_each_parameter(theirs, name: str) -> None:
    form = FORMS[name]
    accepted = [case for case in CASES[name] if not failed(theirs[case.torch])]
    shown = set()
    for case in accepted:
        call = native_examples.parse(case.torch)
        shown |= set(list(form.parameters)[: len(call.args)])
        shown |= {keyword.arg for keyword in call.keywords}
    assert shown == set(form.parameters)
    # Torch may refuse a call without its defaults, but never all of them.
    refused = {case.spelling for case in CASES[name]} - {case.spelling for case in accepted}
    assert not refused
    others = [case for case in CASES[name] if case.spelling != "defaults left out"]
    assert [theirs[case.torch] for case in others if failed(theirs[case.torch])] == []


@pytest.mark.parametrize("name", PROVEN)
def test_a_converted_call_gives_the_values_of_torch(ours, theirs, name: str) -> None:
    for case in CASES[name]:
        if not failed(theirs[case.torch]):
            result = ours.evaluate(case.mindspore)
            found = difference(result, theirs[case.torch], case.form.all_bounds())
            assert found is None, f"{case.mindspore}: {found}"


@pytest.mark.parametrize("name", PROVEN)
def test_other_types_give_the_values_of_torch_or_an_error(ours, theirs, name: str) -> None:
    differ = {}
    for kind, case in SWEPT[name]:
        result = None if failed(theirs[case.torch]) else ours.evaluate(case.mindspore)
        if result is not None and not failed(result):
            found = difference(result, theirs[case.torch], case.form.all_bounds())
            if found is not None:
                differ.setdefault(kind, f"{case.mindspore}: {found}")
    known = FORMS[name].excepts.keys()
    assert differ.keys() <= known, differ
    # What a kernel does not write may happen to hold the right numbers.
    assert known - {"empty"} <= differ.keys()


@pytest.mark.parametrize("name", [name for name in FORMS if name not in PROVEN])
def test_a_form_that_is_not_proven_fails_or_differs(ours, theirs, name: str) -> None:
    cases = [*CASES[name], *(case for _, case in SWEPT[name])]
    differences = [
        difference(ours.evaluate(case.mindspore), theirs[case.torch], case.form.all_bounds())
        for case in cases
        if not failed(theirs[case.torch])
    ]
    assert any(differences), "this form can be proven"


def test_how_many_forms_are_proven(capsys) -> None:
    forms = FORMS.values()
    proven = {form.name for form in forms if not form.unproven}
    with capsys.disabled():
        print(
            f"\n{len(native_forms.names())} functions of torch, {len(forms)} forms:"
            f" {len(PROVEN)} proven (of {len(proven)} functions),"
            f" {len(forms) - len(PROVEN)} signature only;"
            f" {sum(1 for form in forms if form.template)} composed,"
            f" {sum(1 for form in forms if form.excepts)} with exceptions"
        )
    assert len(PROVEN) > len(forms) // 2
