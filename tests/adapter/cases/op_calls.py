# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""One call of an operator, made the same way in both frameworks: results, where they are in memory,
and first and second gradients of a weighted sum of them.
"""

from dataclasses import dataclass
from typing import Any

import numpy

from cases import exchange

FORMS = ("function", "strided", "method", "in place", "out")


@dataclass(frozen=True)
class Call:
    """An operator's name, the form of the call, and packed arguments with the input first.

    `derivatives` says how often it is differentiated.
    """

    name: str
    form: str
    arguments: tuple[Any, ...]
    named: dict[str, Any]
    derivatives: int


def find(torch: Any, name: str, form: str) -> Any:
    """What a form of an operator calls, or None where the framework does not have it."""
    owner, path = torch, name
    if form == "method":
        owner = torch.Tensor
    elif form == "in place":
        owner, path = torch.Tensor, name + "_"
    elif name.startswith("__"):
        return None
    for part in path.split("."):
        try:
            owner = getattr(owner, part)
        except (AttributeError, NotImplementedError):
            return None
    return owner


def perform(torch: Any, call: Call, function: Any = None) -> dict[str, Any]:
    """Results of a call as packed data: `results`, `memory`, and `gradients` and `second gradients`
    where it is differentiable.

    `function` is called in the place of the framework's own.
    """
    function = find(torch, call.name, call.form) if function is None else function
    arguments = exchange.unpack(torch, call.arguments)
    named = exchange.unpack(torch, call.named)
    if call.form == "strided":
        arguments, named = _with_strides(torch, arguments), _with_strides(torch, named)
    leaves = [t for t in tensors_of(torch, [arguments, named]) if t.requires_grad]
    if call.form == "in place":
        arguments = (arguments[0].clone(), *arguments[1:])
    if call.form == "out":
        return _into_out(torch, function, arguments, named)
    given = tensors_of(torch, [arguments, named])
    versions = [t._version for t in given]
    torch.manual_seed(7)
    result = function(*arguments, **named)
    answer = {"results": exchange.pack(torch, result)}
    outputs = tensors_of(torch, [result])
    answer["memory"] = [place(torch, output, given) for output in outputs]
    answer["changed"] = [t._version != v for t, v in zip(given, versions, strict=True)]
    if call.derivatives and leaves:
        answer |= _gradients(torch, outputs, leaves, call.derivatives)
    return answer


def place(torch: Any, output: Any, given: list[Any]) -> dict[str, Any]:
    """Where a result is: which of the given tensors it is, whose memory it shares, its steps."""
    shared = [i for i, tensor in enumerate(given) if output.numel() and _one_memory(output, tensor)]
    steps = [step for step, n in zip(output.stride(), output.shape, strict=True) if n > 1]
    return {
        "is": next((i for i, tensor in enumerate(given) if tensor is output), None),
        "shares": shared,
        "view": output._is_view(),
        "offset": [output.data_ptr() - given[i].data_ptr() for i in shared],
        "strides": steps if output.numel() else None,
    }


def _one_memory(one: Any, other: Any) -> bool:
    return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()


def _into_out(torch: Any, function: Any, arguments: Any, named: Any) -> dict[str, Any]:
    """The results of a call that is given tensors for them."""
    with torch.no_grad():
        torch.manual_seed(7)
        expected = function(*arguments, **named)
        out = [torch.full_like(one, 1) for one in tensors_of(torch, [expected])]
        torch.manual_seed(7)
        out = out[0] if isinstance(expected, torch.Tensor) else tuple(out)
        result = function(*arguments, **named, out=out)
    pairs = zip(tensors_of(torch, [result]), tensors_of(torch, [out]), strict=True)
    same = [one is other for one, other in pairs]
    return {"results": exchange.pack(torch, out), "returned": same}


def _with_strides(torch: Any, value: Any) -> Any:
    """Every tensor laid out otherwise: with its dimensions in reverse order, or with gaps."""
    if isinstance(value, torch.Tensor):
        return _restrided(value.detach()).requires_grad_(value.requires_grad)
    if isinstance(value, dict):
        return {key: _with_strides(torch, item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_with_strides(torch, item) for item in value)
    return value


def _restrided(tensor: Any) -> Any:
    if tensor.dim() > 1:
        backwards = tuple(reversed(range(tensor.dim())))
        return tensor.permute(backwards).contiguous().permute(backwards)
    return tensor if tensor.dim() == 0 else tensor.repeat_interleave(2)[::2]


def _gradients(torch: Any, outputs: list, leaves: list, times: int) -> dict[str, Any]:
    outputs = [t for t in outputs if t.requires_grad]
    if not outputs:
        return {}
    weights = [_weights(torch, output) for output in outputs]
    if times > 1:
        weights = [weight.requires_grad_() for weight in weights]
    total = sum((o * w).sum() for o, w in zip(outputs, weights, strict=True))
    gradients = torch.autograd.grad(total, leaves, allow_unused=True, create_graph=times > 1)
    answer = {"gradients": exchange.pack(torch, [_cut(g) for g in gradients])}
    recorded = [g for g in gradients if g is not None and g.requires_grad]
    if times > 1 and recorded:
        total = sum((g * _weights(torch, g)).sum() for g in recorded)
        sources = [*leaves, *weights]
        second = torch.autograd.grad(total, sources, allow_unused=True)
        # Whether a gradient that is zero is given at all is no promise.
        second = [_whole(torch, t, g) for t, g in zip(sources, second, strict=True)]
        answer["second gradients"] = exchange.pack(torch, second)
    return answer


def _whole(torch: Any, tensor: Any, gradient: Any) -> Any:
    """A gradient with memory of its own; zeros for none."""
    zeros = torch.zeros_like(tensor)
    return zeros if gradient is None else zeros.copy_(gradient.detach())


def _cut(gradient: Any) -> Any:
    return None if gradient is None else gradient.detach().clone()


def _weights(torch: Any, output: Any) -> Any:
    steps = torch.arange(output.numel(), dtype=torch.float64).reshape(output.shape)
    return (1 + steps % 7 / 4).to(output.dtype)


def tensors_of(torch: Any, value: Any) -> list[Any]:
    """All tensors in nested containers, in order."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [tensor for item in value for tensor in tensors_of(torch, item)]
    return []


def kept(torch: Any, call: Call) -> dict[str, list[str]]:
    """What becomes of the backward pass when, after the call, one of its arguments or results is
    set to zeros without a record: an "error" where the value had been kept for it, else "the same"
    gradients, or "other" ones.
    """
    function = find(torch, call.name, call.form)
    run = _called(torch, function, call)
    expected = exchange.pack(torch, _differentiated(torch, run))
    outcomes: dict[str, list[str]] = {"arguments": [], "results": []}
    for what, found in outcomes.items():
        for position in range(len(run[what])):
            run = _called(torch, function, call)
            found.append(_after_change(torch, run, run[what][position], expected))
    return outcomes


def _called(torch: Any, function: Any, call: Call) -> dict[str, Any]:
    """Leaves, the arguments made of them, and the results of a call."""
    leaves = exchange.unpack(torch, call.arguments), exchange.unpack(torch, call.named)
    arguments, named = _recorded_copies(torch, leaves)
    given = tensors_of(torch, [arguments, named])
    torch.manual_seed(7)
    results = tensors_of(torch, [function(*arguments, **named)])
    outputs = [t for t in results if t.requires_grad]
    return {
        "leaves": [t for t in tensors_of(torch, leaves) if t.requires_grad],
        "arguments": given,
        "results": results,
        "total": sum((output * _weights(torch, output)).sum() for output in outputs),
    }


def _recorded_copies(torch: Any, value: Any) -> Any:
    """The value with every differentiable tensor replaced by a copy, which may be changed."""
    if isinstance(value, torch.Tensor):
        return value.clone() if value.requires_grad else value
    if isinstance(value, dict):
        return {key: _recorded_copies(torch, item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_recorded_copies(torch, item) for item in value)
    return value


def _differentiated(torch: Any, run: dict[str, Any]) -> list[Any]:
    gradients = torch.autograd.grad(run["total"], run["leaves"], allow_unused=True)
    return [_cut(gradient) for gradient in gradients]


def _after_change(torch: Any, run: dict[str, Any], changed: Any, expected: list[Any]) -> str:
    try:
        with torch.no_grad():
            changed.zero_()
    except RuntimeError:
        return "cannot be changed"
    try:
        found = exchange.pack(torch, _differentiated(torch, run))
    except RuntimeError as error:
        return "error" if "modified by an inplace" in str(error) else f"another error: {error}"
    return "the same" if all(map(_equal, found, expected)) else "other"


def _equal(one: exchange.Packed | None, other: exchange.Packed | None) -> bool:
    if one is None or other is None:
        return one is other
    return numpy.array_equal(one.elements, other.elements, equal_nan=True)
