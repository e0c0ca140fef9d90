# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""One call of an operator, made the same way in both frameworks: results, and gradients of a
weighted sum of them.
"""

from dataclasses import dataclass
from typing import Any

from cases import exchange

FORMS = ("function", "method", "in place")


@dataclass(frozen=True)
class Call:
    """An operator's name, the form of the call, and packed arguments with the input first."""

    name: str
    form: str
    arguments: tuple[Any, ...]
    named: dict[str, Any]
    differentiable: bool


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
    """Results of a call as packed data: `results`, and `gradients` where it is differentiable.

    `function` is called in the place of the framework's own.
    """
    function = find(torch, call.name, call.form) if function is None else function
    arguments = exchange.unpack(torch, call.arguments)
    named = exchange.unpack(torch, call.named)
    leaves = [t for t in _tensors(torch, [arguments, named]) if t.requires_grad]
    if call.form == "in place":
        arguments = (arguments[0].clone(), *arguments[1:])
    torch.manual_seed(7)
    result = function(*arguments, **named)
    answer = {"results": exchange.pack(torch, result)}
    outputs = [t for t in _tensors(torch, [result]) if t.requires_grad]
    if call.differentiable and leaves and outputs:
        total = sum((output * _weights(torch, output)).sum() for output in outputs)
        gradients = torch.autograd.grad(total, leaves, allow_unused=True)
        answer["gradients"] = exchange.pack(torch, list(gradients))
    return answer


def _weights(torch: Any, output: Any) -> Any:
    steps = torch.arange(output.numel(), dtype=torch.float64).reshape(output.shape)
    return (1 + steps % 7 / 4).to(output.dtype)


def _tensors(torch: Any, value: Any) -> list[Any]:
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [tensor for item in value for tensor in _tensors(torch, item)]
    return []
