# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Programs that define operators with torch.library and call them by torch.ops."""

from cases.collection import Cases

CASES = Cases()
case = CASES.case


def tolerance(name):
    return {}


def _library(torch, name, *schemas):
    """A namespace of its own, which the case has to keep."""
    library = torch.library.Library(f"mf_{name}", "DEF")
    return library, [library.define(schema) for schema in schemas]


@case
def an_operator_by_decorator(torch):
    library, names = _library(
        torch, "one", "scale(Tensor x, float by=2.0, *, Tensor? add=None) -> Tensor"
    )

    @torch.library.impl(library, "scale", "CPU")
    def scale(x, by=2.0, *, add=None):
        return x * by if add is None else x * by + add

    x = torch.arange(3.0)
    return names, [
        torch.ops.mf_one.scale(x),
        torch.ops.mf_one.scale(x, 3.0),
        torch.ops.mf_one.scale(x, add=x, by=1.5),
        torch.ops.mf_one.scale.default(x),
        scale(x),
        hasattr(torch.ops.mf_one, "scale"),
        hasattr(torch.ops.mf_one, "other"),
    ]


@case
def overloads_by_type(torch):
    library, names = _library(
        torch,
        "two",
        "pick.list(Tensor x, int[]? at=None) -> Tensor",
        "pick.tensor(Tensor x, Tensor at) -> Tensor",
        "pick.text(Tensor x, str at, bool up=False) -> Tensor",
    )
    for number, overload in enumerate(("list", "tensor", "text")):
        library.impl(f"pick.{overload}", lambda x, *_, by=number, **__: x + by, "CPU")
    x, packet = torch.zeros(2), torch.ops.mf_two.pick
    called = [
        packet(x),
        packet(x, [1, 2]),
        packet(x, x),
        packet(x, "a"),
        packet(x, at="a", up=True),
    ]
    return names, called, sorted(packet.overloads()), packet.tensor.name()


@case
def a_composite_and_one_for_another_device(torch):
    library, _ = _library(torch, "three", "f(Tensor x) -> Tensor")
    library.impl("f", lambda x: x + 1, "CompositeExplicitAutograd")
    library.impl("f", lambda x: x + 2, "CPU")
    return torch.ops.mf_three.f(torch.zeros(1))


@case
def more_implementations_of_an_operator(torch):
    library, _ = _library(torch, "four", "f(Tensor x) -> Tensor")
    more = torch.library.Library("mf_four", "IMPL", "CPU")
    more.impl("f", lambda x: x * 2)
    return torch.ops.mf_four.f(torch.ones(2)), more.ns == library.ns


@case
def an_undefined_tensor(torch):
    library, _ = _library(torch, "five", "f(Tensor weight, Tensor x) -> Tensor")
    library.impl("f", lambda weight, x: x if weight is None else weight, "CPU")
    return torch.ops.mf_five.f(None, torch.ones(2))


@case
def a_derivative_is_what_a_composite_records(torch):
    library, _ = _library(torch, "six", "f(Tensor x) -> Tensor")
    library.impl("f", lambda x: x * x, "CompositeImplicitAutograd")
    x = torch.ones(2, requires_grad=True)
    torch.ops.mf_six.f(x).sum().backward()
    return x.grad


def _mistake(name, schema, call):
    def program(torch):
        library, _ = _library(torch, name, schema)
        library.impl("f", lambda x, *_, **__: x, "CPU")
        return call(torch, library, getattr(torch.ops, f"mf_{name}").f)

    CASES[f"refused_{name}"] = program


_mistake("type", "f(Tensor x, int n) -> Tensor", lambda t, _, f: f(t.ones(1), "a"))
_mistake("list", "f(Tensor x, int n) -> Tensor", lambda t, _, f: f(t.ones(1), [1]))
_mistake("count", "f(Tensor x) -> Tensor", lambda t, _, f: f())
_mistake("keyword", "f(Tensor x) -> Tensor", lambda t, _, f: f(t.ones(1), other=1))
_mistake("twice", "f(Tensor x) -> Tensor", lambda _, lib, f: lib.define("f(Tensor x) -> Tensor"))
_mistake("schema", "f(Tensor x) -> Tensor", lambda _, lib, f: lib.define("nothing"))
_mistake("not_callable", "f(Tensor x) -> Tensor", lambda _, lib, f: lib.impl("f", 3, "Meta"))
_mistake("kind", "f(Tensor x) -> Tensor", lambda t, _, f: t.library.Library("mf_kind", "NEW"))


@case
def a_bool_for_an_integer(torch):
    library, _ = _library(torch, "eight", "f(Tensor x, int n, float y) -> Tensor")
    library.impl("f", lambda x, n, y: x + n + y, "CPU")
    return torch.ops.mf_eight.f(torch.ones(1), True, 2)


@case
def refused_without_an_implementation(torch):
    library, _ = _library(torch, "seven", "f(Tensor x) -> Tensor")
    assert library is not None
    return torch.ops.mf_seven.f(torch.ones(1))
