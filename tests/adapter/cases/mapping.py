# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Functions mapped over a dimension with torch.vmap."""

import importlib

import numpy

from cases.collection import Cases
from cases.samples import leaf, numbers

CASES = Cases()
case = CASES.case


def tolerance(name):
    """Whole batches add up in another order than their elements."""
    return {"torch.float32": (1e-5, 2e-6)}


def _x(torch, *shape, seed=0):
    return torch.from_numpy(numbers(shape, seed))


@case
def elements_of_one_argument(torch):
    return torch.vmap(lambda x: (x * 2 + 1).exp())(_x(torch, 3, 4))


@case
def scalars_stay_scalars(torch):
    seen = []

    def function(x):
        seen.append([tuple(x.shape), x.dim(), x.ndim, x.numel(), str(x.dtype), str(x.device)])
        return x + 1

    return torch.vmap(function)(torch.arange(4)), seen


@case
def every_operator_has_a_meaning(torch):
    def function(x, y):
        return (
            x @ y,
            x.sum(),
            x.mean(0),
            x.softmax(-1),
            torch.cat([x, x * 2]),
            x.max(-1).values,
            x.reshape(-1)[1:3],
            x.transpose(0, 1),
            torch.nn.functional.layer_norm(x, (4,)),
            torch.linalg.vector_norm(x),
            torch.einsum("ij,jk->ik", x, y),
            x.unbind(0)[1],
            x.argmax(),
        )

    return torch.vmap(function)(_x(torch, 3, 2, 4), _x(torch, 3, 4, 5, seed=1))


@case
def types_are_promoted_as_for_one_element(torch):
    x, y = torch.arange(3), _x(torch, 3, 4).double()

    def function(a, b):
        return a + b, b * a, a / 2, a > b, a.to(torch.float16) + b.float()

    return torch.vmap(function)(x, y), torch.vmap(function, in_dims=(None, 0))(x[:1], y)


@case
def scalars_of_a_wider_type(torch):
    scalars, rows = _x(torch, 3).double(), _x(torch, 3, 4, seed=1)
    return torch.vmap(lambda s, r: (s * r, r - s, r > s))(scalars, rows)


@case
def operands_of_other_ranks(torch):
    def function(x, y):
        return x + y, y - x, torch.maximum(x, y)

    x, y = _x(torch, 3, 4), _x(torch, 3, 2, 4, seed=1)
    plain = _x(torch, 5, 2, 4, seed=2)
    return torch.vmap(function)(x, y), torch.vmap(function, in_dims=(0, None))(x, plain)


@case
def dimensions_in_and_out(torch):
    x, y = _x(torch, 4, 3, 2), _x(torch, 2, 3, seed=1)
    return [
        torch.vmap(lambda a, b: a * b, in_dims=(1, -1), out_dims=-1)(x, y),
        torch.vmap(lambda a, b: (a, b), in_dims=(-2, 1), out_dims=(1, 0))(x, y),
        torch.vmap(lambda a, b: a * b, in_dims=(None, 1))(x[0, 0], y),
        torch.vmap(lambda a: (a, 2 * a), out_dims=1)(y),
    ]


@case
def nested_arguments_and_results(torch):
    x, y = _x(torch, 3, 2), _x(torch, 2, 3, seed=1)

    def function(pair, table):
        return {"sum": pair[0] + table["y"], "parts": [pair[1], table["y"] * 2]}

    return torch.vmap(function, in_dims=((0, None), {"y": 1}))((x, x), {"y": y})


@case
def arguments_by_name_are_not_mapped_over(torch):
    return torch.vmap(lambda x, scale: x * scale, in_dims=1)(_x(torch, 2, 3), scale=_x(torch, 2))


@case
def results_that_do_not_depend_on_the_batch(torch):
    return torch.vmap(lambda x: (torch.ones(2), x.new_zeros(2), x))(_x(torch, 3))


@case
def new_tensors(torch):
    def function(x):
        table = x.new_ones((2, 3), dtype=torch.int64)
        full = x.new_full((2,), 7.0)
        return (
            table,
            full,
            x.new_zeros(2),
            torch.ones_like(x),
            torch.zeros_like(x, dtype=torch.bool),
        )

    return torch.vmap(function)(_x(torch, 4, 2))


@case
def functions_of_functions(torch):
    x, y = _x(torch, 3), _x(torch, 4, seed=1)
    outer = torch.vmap(torch.vmap(lambda a, b: a * b + a, in_dims=(None, 0)), in_dims=(0, None))
    return outer(x, y)


def _grid(torch, function):
    """How transformers builds attention masks."""
    for dims in ((None, None, None, 0), (None, None, 0, None), (None, 0, None, None)):
        function = torch.vmap(function, in_dims=dims)
    function = torch.vmap(function, in_dims=(0, None, None, None))
    module = f"{torch.__name__}._dynamo._trace_wrapped_higher_order_op"
    with importlib.import_module(module).TransformGetItemToIndex():
        return function(torch.arange(2), torch.arange(1), torch.arange(3), torch.arange(5))


@case
def masks_of_attention(torch):
    padding = torch.from_numpy(numpy.random.RandomState(0).rand(2, 5) < 0.7)
    packed = torch.tensor([[0, 0, 1, 1, 1], [0, 1, 1, 2, 2]])

    def function(b, h, q, k):
        result = q.new_ones((), dtype=torch.bool)
        result = result & (k <= q) & (k > q - 3)
        result = result & padding[b, k].to(result.device)
        return result & (packed[b, q] == packed[b, k]) | (k // 2 == q // 2)

    return _grid(torch, function)


@case
def gradients_flow_through(torch):
    x, w = leaf(torch, numbers((3, 4), 0)), leaf(torch, numbers((4, 2), 1))
    bias = torch.nn.Parameter(torch.from_numpy(numbers((2,), 2)))

    def function(row, weight):
        return (bias + (row @ weight)).tanh() * bias

    y = torch.vmap(function, in_dims=(0, None))(x, w)
    (y * y).sum().backward()
    return y, x.grad, w.grad, bias.grad


@case
def parameters_on_the_left(torch):
    bias = torch.nn.Parameter(torch.from_numpy(numbers((2,), 2)))
    x = _x(torch, 3, 2)
    return torch.vmap(lambda r: (bias - r, bias / r, bias < r, bias**2 * r, bias @ r))(x)


@case
def changes_in_place(torch):
    def function(x, y):
        x = x.clone()
        x.add_(y)
        x *= 2
        x[0] = y.sum()
        return x

    return torch.vmap(function)(_x(torch, 3, 4), _x(torch, 3, 4, seed=1))


@case
def indices_select_from_either(torch):
    table, rows = _x(torch, 5, 3, 2), torch.tensor([4, 0, 2])
    columns = torch.tensor([[0, 1], [2, 2], [1, 0]])
    return [
        torch.vmap(lambda r: table[r])(rows),
        torch.vmap(lambda r, c: table[r, c])(rows, columns),
        torch.vmap(lambda r: table[r, 1])(rows),
        torch.vmap(lambda t, c: t[c])(table[:3], columns),
        torch.vmap(lambda t: t[1:, 0])(table),
        torch.vmap(lambda t: t[None, ..., 1])(table),
        torch.vmap(lambda t: t[torch.tensor([2, 0])])(table),
    ]


@case
def hashes_like_those_of_watermarks(torch):
    def accumulate(hashed, data):
        for i in range(data.shape[-1]):
            hashed = torch.mul(torch.add(hashed, data[..., i]), 6364136223846793005)
            hashed = torch.add(hashed, 1)
        return hashed

    start, data = torch.ones(2, dtype=torch.int64), torch.arange(24).reshape(2, 3, 4)
    return torch.vmap(accumulate, in_dims=(None, 1), out_dims=1)(start, data)


@case
def the_functional_module_has_it_too(torch):
    return torch.func.vmap(torch.dot)(_x(torch, 3, 4), _x(torch, 3, 4, seed=1))


@case
def sizes_that_differ(torch):
    return torch.vmap(torch.add)(_x(torch, 3), _x(torch, 4))


@case
def nothing_to_map_over(torch):
    return torch.vmap(torch.add, in_dims=None)(_x(torch, 3), _x(torch, 3))


@case
def a_dimension_that_is_not_there(torch):
    return torch.vmap(torch.exp, in_dims=2)(_x(torch, 3, 2))


@case
def a_number_to_map_over(torch):
    return torch.vmap(lambda x, y: x * y)(_x(torch, 3), 2)


@case
def dimensions_that_do_not_fit_the_arguments(torch):
    return torch.vmap(torch.add, in_dims=(0, 0, 0))(_x(torch, 3), _x(torch, 3))


@case
def a_result_that_is_no_tensor(torch):
    return torch.vmap(lambda x: 3)(_x(torch, 3))


@case
def random_numbers_inside(torch):
    return torch.vmap(lambda x: x + torch.rand(2))(_x(torch, 3, 2))


@case
def decisions_on_values(torch):
    return torch.vmap(lambda x: x if x > 0 else -x)(_x(torch, 3))


@case
def numbers_of_values(torch):
    return torch.vmap(lambda x: torch.tensor(x.item()))(_x(torch, 3))


@case
def writing_into_what_is_not_mapped_over(torch):
    shared = torch.zeros(2)
    return torch.vmap(lambda x: shared.add_(x))(_x(torch, 3, 2))
