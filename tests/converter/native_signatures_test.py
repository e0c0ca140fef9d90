# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Every form of target `native` fits the live signatures of both frameworks."""

import ast
import functools
import inspect

import mindspore
import pytest

import native_examples
from torch2ms import native_forms
from torch2ms.native_forms import Form

FORMS = {
    f"{form.torch} -> {form.mindspore}": form
    for name in native_forms.names()
    for form in native_forms.forms(name)
}


@pytest.fixture(scope="session")
def signatures():
    """Name -> the signatures that PyTorch has for it."""
    names = native_forms.names()
    found = native_examples.in_torch([f"signatures({name!r})" for name in names])
    return {name: found[f"signatures({name!r})"] for name in names}


def _same(ours: str, theirs: str) -> bool:
    """Whether two texts of defaults are one value; a list of equal numbers is that number."""
    pair = []
    for text in (ours, theirs):
        value = ast.literal_eval(text)
        if isinstance(value, (list, tuple)):
            value = value[0] if value and set(value) == {value[0]} else tuple(value)
        pair.append(value)
    return pair[0] == pair[1] and isinstance(pair[0], bool) == isinstance(pair[1], bool)


def _fits(form: Form, signature: list) -> bool:
    """Whether torch takes these parameters in this order, with these defaults."""
    theirs = {name: (keyword_only, default) for name, keyword_only, default in signature}
    required = [name for name, (_, default) in theirs.items() if default is None]
    if not set(form.parameters) <= set(theirs) or not set(required) <= set(form.parameters):
        return False
    for i, parameter in enumerate(form.parameters.values()):
        keyword_only, default = theirs[parameter.name]
        if parameter.default is not None and not _same(parameter.default, default or "..."):
            return False
        if not parameter.keyword_only and (keyword_only or list(theirs).index(parameter.name) != i):
            return False
    return True


@pytest.mark.parametrize("name", FORMS)
def test_torch_takes_the_arguments_of_a_form(signatures, name: str) -> None:
    form = FORMS[name]
    theirs = signatures[form.name]
    assert isinstance(theirs, list), theirs
    assert any(_fits(form, signature) for signature in theirs), theirs


def _function(path: str):
    return functools.reduce(getattr, path.split(".")[1:], mindspore)


@pytest.mark.parametrize("name", FORMS)
def test_mindspore_takes_the_arguments_of_a_form(name: str) -> None:
    form = FORMS[name]
    for node in ast.walk(ast.parse(form.mindspore, mode="eval")):
        if isinstance(node, ast.Call):
            assert callable(_function(ast.unparse(node.func)))
    theirs = inspect.signature(_function(form.target)).parameters
    if any(p.kind is p.VAR_KEYWORD for p in theirs.values()):
        return  # Overloads behind stars: only calls tell, and native_values_test makes them.
    for name, slot in form.slots.items():
        parameter = theirs[slot.keyword]
        if slot.position is not None:
            assert list(theirs).index(slot.keyword) == slot.position
            assert parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        if form.parameters[name].default is not None:
            assert _same(form.parameters[name].default, repr(parameter.default)), name


@pytest.mark.parametrize("name", [name for name, form in FORMS.items() if form.by_value])
def test_a_function_passed_by_value_has_the_whole_signature(signatures, name: str) -> None:
    form = FORMS[name]
    assert len(native_forms.forms(form.name)) == 1
    ours = [
        [p.name, p.kind is p.KEYWORD_ONLY, None if p.default is p.empty else repr(p.default)]
        for p in inspect.signature(_function(form.target)).parameters.values()
    ]
    assert signatures[form.name] == [ours]
