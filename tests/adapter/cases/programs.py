# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Programs given as data: views, in-place changes, assignments and backward passes in any order.

A program is a list of steps [operation, a, b, c], as JSON text. a and b choose among the tensors
made so far, c is a parameter; each is taken modulo what there is, so that any numbers are a
program. A step that raises leaves its kind of error in the log, and the program goes on.
"""

import contextlib
import json

from cases.plain import ERRORS
from cases.samples import numbers

# Of one tensor and a number.
VIEWS = {
    "transpose": lambda t, x, n: x.transpose(n % max(x.dim(), 1), -1),
    "flat view": lambda t, x, n: x.view(-1),
    "reshape": lambda t, x, n: x.reshape(2, -1),
    "select": lambda t, x, n: x.select(n % max(x.dim(), 1), n % 3),
    "narrow": lambda t, x, n: x.narrow(n % max(x.dim(), 1), 1, 2),
    "every other": lambda t, x, n: x[..., ::2],
    "tail": lambda t, x, n: x[1:],
    "unsqueeze": lambda t, x, n: x.unsqueeze(n % (x.dim() + 1)),
    "squeeze": lambda t, x, n: x.squeeze(),
    "diagonal": lambda t, x, n: x.diagonal(),
    "as strided": lambda t, x, n: x.contiguous().clone().as_strided((2, 2), (1, 2), n % 3),
    "detach": lambda t, x, n: x.detach(),
    "alias": lambda t, x, n: x.view_as(x),
}
COPIES = {
    "sin": lambda t, x, n: x.sin(),
    "tanh": lambda t, x, n: x.tanh(),
    "sigmoid": lambda t, x, n: x.sigmoid(),
    "square": lambda t, x, n: x * x * 0.25,
    "exp": lambda t, x, n: (x * 0.5).exp(),
    "relu": lambda t, x, n: x.relu(),
    "gelu": lambda t, x, n: t.nn.functional.gelu(x),
    "norm of rows": lambda t, x, n: x.norm(dim=-1, keepdim=True),
    "largest of rows": lambda t, x, n: x.amax(-1, keepdim=True),
    "largest": lambda t, x, n: x.max(n % max(x.dim(), 1))[0],
    "sorted": lambda t, x, n: x.sort(n % max(x.dim(), 1))[0],
    "log softmax": lambda t, x, n: x.log_softmax(n % max(x.dim(), 1)),
    "running sum": lambda t, x, n: x.cumsum(-1),
    "flipped": lambda t, x, n: x.flip(0),
    "wider": lambda t, x, n: x.float().double(),
    "limited": lambda t, x, n: x.clamp(-0.5, 0.75),
    # Of a copy, for torch keeps what it gathers from, and mstorch does not.
    "taken": lambda t, x, n: x.clone().gather(0, t.zeros((1,) * x.dim(), dtype=t.int64)),
    "filled": lambda t, x, n: x.index_fill(0, t.tensor([1]), 0.5),
    "softmax": lambda t, x, n: x.softmax(-1),
    "mean of rows": lambda t, x, n: x.mean(-1, keepdim=True),
    # Not the pieces themselves: torch refuses to change memory that several of them share.
    "piece of split": lambda t, x, n: x.split(2)[n % 2].clone(),
    "piece of chunk": lambda t, x, n: x.chunk(2, -1)[n % 2] * 2,
    "unbound": lambda t, x, n: x.unbind(0)[n % 2].sin(),
    # torch may write into expanded memory where all elements become the same; mstorch refuses.
    "expand": lambda t, x, n: x.expand(2, *x.shape).sin(),
    "clone": lambda t, x, n: x.clone(),
    "contiguous": lambda t, x, n: x.contiguous(),
    "gathered": lambda t, x, n: x[t.tensor([1, 0, 1])],
    "masked": lambda t, x, n: x.masked_fill(x > 0.5, 0.25),
    "chosen": lambda t, x, n: x[x > 0],
}
# Of two tensors and a number; None is no new tensor.
JOINED = {
    "add": lambda t, x, y, n: x + y,
    "mul": lambda t, x, y, n: x * y,
    "sub": lambda t, x, y, n: x - 0.5 * y,
    "matmul": lambda t, x, y, n: x @ y,
    "cat": lambda t, x, y, n: t.cat([x, y]),
    "where": lambda t, x, y, n: t.where(x > 0, x, y),
    "largest of two": lambda t, x, y, n: t.maximum(x, y),
    "between": lambda t, x, y, n: t.lerp(x, y, 0.25),
    "divided": lambda t, x, y, n: x / (y * y + 1),
    "stack": lambda t, x, y, n: t.stack([x, y], -1),
}
CHANGES = {
    "add_": lambda t, x, y, n: x.add_(y),
    "mul_": lambda t, x, y, n: x.mul_(y),
    "add_ number": lambda t, x, y, n: x.add_(0.5),
    "sin_": lambda t, x, y, n: x.sin_(),
    "sigmoid_": lambda t, x, y, n: x.sigmoid_(),
    "tanh_": lambda t, x, y, n: x.tanh_(),
    "relu_": lambda t, x, y, n: x.relu_(),
    "clamp_": lambda t, x, y, n: x.clamp_(-0.5, 0.75),
    "div_": lambda t, x, y, n: x.div_(2.0),
    "addcmul_": lambda t, x, y, n: x.addcmul_(y, y, value=0.25),
    "index_fill_": lambda t, x, y, n: x.index_fill_(0, t.tensor([1]), 0.5),
    "copy_": lambda t, x, y, n: x.copy_(y),
    "zero_": lambda t, x, y, n: x.zero_(),
    "masked_fill_": lambda t, x, y, n: x.masked_fill_(y > 0.5, 0.125),
    "iadd": lambda t, x, y, n: x.__iadd__(y),
    "set row": lambda t, x, y, n: x.__setitem__(n % 2, y),
    "set slice": lambda t, x, y, n: x.__setitem__((..., slice(1, None)), 0.75),
    "set part": lambda t, x, y, n: x.__setitem__(slice(0, 2), y[:2].clone()),
    "set mask": lambda t, x, y, n: x.__setitem__(x < 0, -0.5),
    "set places": lambda t, x, y, n: x.__setitem__(t.tensor([1, 0]), 0.3),
    "index_add_": lambda t, x, y, n: x.index_add_(0, t.tensor([0, 0]), y[:2].clone()),
    "detach_": lambda t, x, y, n: None if x.is_leaf else x.detach_(),
}
PASSES = {
    "backward": lambda t, x, y, n: x.sum().backward(retain_graph=True),
    "grad": lambda t, x, y, n: _clone(
        t.autograd.grad((x * x).sum(), [y], retain_graph=True, allow_unused=True)[0]
    ),
    "second": lambda t, x, y, n: _second(t, x, y),
    "retain_grad": lambda t, x, y, n: x.retain_grad(),
    # torch forgets the hook of a view when the memory is changed, mstorch keeps it.
    "hook": lambda t, x, y, n: None if x._is_view() else _halved(x),
}


def _halved(tensor):
    tensor.register_hook(lambda gradient: gradient * 0.5)


def _second(torch, x, y):
    """The derivative by y of the squares of the derivative of x by y."""
    (first,) = torch.autograd.grad((x * x).sum(), [y], create_graph=True, allow_unused=True)
    if first is None or not first.requires_grad:
        return None
    second = torch.autograd.grad(
        (first * first).sum(), [y], retain_graph=True, allow_unused=True, materialize_grads=True
    )
    return _clone(second[0])


def _clone(tensor):
    # Gradients are contiguous, where torch keeps the order of dimensions in memory.
    return None if tensor is None else tensor.contiguous().clone()


UNRECORDED = "unrecorded "
OPERATIONS = [*VIEWS, *COPIES, *JOINED, *CHANGES, *(UNRECORDED + name for name in CHANGES), *PASSES]


def _do(torch, operation, x, y, number):
    name = operation.removeprefix(UNRECORDED)
    if name in VIEWS or name in COPIES:
        return {**VIEWS, **COPIES}[name](torch, x, number)
    mode = torch.no_grad() if name != operation else contextlib.nullcontext()
    with mode:
        result = {**JOINED, **CHANGES, **PASSES}[name](torch, x, y, number)
    return None if name in CHANGES else result


def _kind(error):
    return next(kind.__name__ for kind in ERRORS if isinstance(error, kind))


def _attempt(log, step, work):
    """What the work returns; where it raises, the kind of error goes to the log."""
    try:
        return work()
    except ERRORS as error:
        log.append([*step, _kind(error)])
        return None


def program(torch, text):
    """Every error, and of every tensor the value, gradient, version, strides and place in memory.

    At the end what is recorded is summed up and differentiated.
    """
    tensors = [torch.from_numpy(numbers((3, 4), seed, dtype="float64")) for seed in range(3)]
    for tensor in tensors[:2]:
        tensor.requires_grad_()
    log = []
    for step in json.loads(text):
        operation, a, b, number = step
        x, y = tensors[a % len(tensors)], tensors[b % len(tensors)]
        made = _attempt(log, step, lambda o=operation, x=x, y=y, n=number: _do(torch, o, x, y, n))
        if made is not None:
            tensors.append(made)
    recorded = [tensor for tensor in tensors if tensor.requires_grad]
    total = sum(((tensor * 0.5).sum() for tensor in recorded), torch.zeros((), dtype=torch.float64))
    _attempt(log, ["the end"], total.backward)
    # How far a failing pass comes before it fails depends on the engine's order.
    failed = any(entry[0] in ("backward", "the end") for entry in log)
    return log, [_seen(tensor, tensors[:3], not failed) for tensor in tensors]


def _seen(tensor, given, with_gradient):
    # Only a leaf, or what retains its gradient, has one: elsewhere torch warns.
    has_grad = with_gradient and (tensor.is_leaf or tensor.retains_grad)
    # Results of operators may be views of what they were made of, and are counted otherwise.
    shared = any(one is tensor or one is tensor._base for one in given)
    place = [tensor._version, tensor._is_view(), tensor.storage_offset()]
    steps = [step for step, n in zip(tensor.stride(), tensor.shape, strict=True) if n > 1]
    return [
        tensor,
        tensor.grad if has_grad else None,
        tensor.is_leaf,
        place if shared and tensor.numel() else None,
        steps if tensor.numel() else None,
    ]


CASES = {"program": program}
