# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""One case an operator and kind of input: values, types, shapes, gradients."""

import operator

import numpy

from cases.samples import numbers, with_gradients

CASES = {}


def tolerance(name):
    """Gradients that came through a half type are as coarse as that; those of attention are sums of
    many numbers above 1.
    """
    if name.startswith("attention_of"):
        return {"torch.float32": (2e-6, 5e-6)}
    if name.endswith("_of_bfloat16"):
        return {"torch.float32": (2e-2, 2e-2)}
    return {"torch.float32": (4e-3, 1e-3)} if name.endswith("_of_float16") else {}


def add(name, function, *arrays):
    """Register a case that calls function(torch, *tensors)."""
    if name in CASES:
        raise ValueError(f"the case {name} exists already")
    CASES[name] = lambda torch: with_gradients(torch, function, *arrays)


def a(*shape, seed=0, low=-2.0, high=2.0, dtype="float32"):
    return numbers(shape, seed, low, high, dtype)


def whole(*shape, seed=0, low=0, high=5):
    return numpy.random.RandomState(seed).randint(low, high, shape)


def mask(*shape, seed=0):
    return numpy.random.RandomState(seed).rand(*shape) < 0.5


# Functions of one tensor, on shapes that break careless kernels.

_UNARY = {
    "exp": (-20, 20),
    "expm1": (-3, 3),
    "log": (0.01, 9),
    "log1p": (-0.9, 9),
    "log2": (0.01, 9),
    "log10": (0.01, 9),
    "sqrt": (0.01, 9),
    "rsqrt": (0.01, 9),
    "reciprocal": (0.5, 3),
    "sin": (-9, 9),
    "cos": (-9, 9),
    "tan": (-1, 1),
    "atan": (-5, 5),
    "sinh": (-3, 3),
    "cosh": (-3, 3),
    "tanh": (-9, 9),
    "sigmoid": (-30, 30),
    "erf": (-4, 4),
    "neg": (-2, 2),
    "abs": (-2, 2),
    "square": (-3, 3),
    "sign": (-2, 2),
    "floor": (-4, 4),
    "ceil": (-4, 4),
    "trunc": (-4, 4),
    "round": (-4, 4),
}
for _name, (_low, _high) in _UNARY.items():

    def _call(torch, x, name=_name):
        return getattr(torch, name)(x)

    def _call_half(torch, x, name=_name):
        return getattr(torch, name)(x.to(torch.float16)).float()

    def _call_brain(torch, x, name=_name):
        return getattr(torch, name)(x.to(torch.bfloat16))

    add(_name, _call, a(3, 5, low=_low, high=_high))
    add(f"{_name}_of_float64", _call, a(4, low=_low, high=_high, dtype="float64"))
    add(
        f"{_name}_of_a_transposed", lambda t, x, c=_call: c(t, x.t()), a(3, 5, low=_low, high=_high)
    )
    add(f"{_name}_of_a_scalar", _call, a(low=_low, high=_high))
    add(f"{_name}_of_nothing", _call, a(0, 3, low=_low, high=_high))
    add(f"{_name}_of_float16", _call_half, a(6, low=_low, high=min(_high, 9)))
    add(f"{_name}_of_bfloat16", _call_brain, a(6, low=_low, high=_high))
    if _name not in ("neg", "square", "abs", "sign"):
        add(f"{_name}_of_integers", _call, whole(4, low=1, high=4))
add("round_halves_go_to_even", lambda t, x: t.round(x), numpy.float32([0.5, 1.5, 2.5, -0.5, -1.5]))
add(
    "special_values",
    lambda t, x: [
        t.exp(x),
        t.log(x),
        t.sqrt(x),
        t.tanh(x),
        t.sigmoid(x),
        1 / x,
        t.isnan(x),
        t.isinf(x),
    ],
    numpy.float32([0, -0.0, numpy.inf, -numpy.inf, numpy.nan]),
)

# Arithmetic of two operands: broadcasting, scalars, types.

_BINARY = ("add", "sub", "mul", "div", "pow", "atan2", "remainder", "maximum", "minimum")
for _name in _BINARY:

    def _pair(torch, x, y, name=_name):
        return getattr(torch, name)(x, y)

    _first = a(3, 4, low=0.5, high=3)
    add(f"{_name}_same_shape", _pair, _first, a(3, 4, seed=1, low=0.5, high=2))
    add(f"{_name}_rows", _pair, _first, a(4, seed=1, low=0.5, high=2))
    add(f"{_name}_columns", _pair, _first, a(3, 1, seed=1, low=0.5, high=2))
    add(f"{_name}_outer", _pair, a(3, 1, low=0.5, high=3), a(2, 1, 4, seed=1, low=0.5, high=2))
    add(f"{_name}_scalar_tensor", _pair, _first, a(seed=1, low=0.5, high=2))
    add(f"{_name}_of_nothing", _pair, a(0, 4), a(4))
    add(
        f"{_name}_float64",
        _pair,
        a(4, low=0.5, dtype="float64"),
        a(4, seed=1, low=0.5, dtype="float64"),
    )
    add(f"{_name}_mixed_types", _pair, a(4, low=0.5), a(4, seed=1, low=0.5, dtype="float64"))
    if _name not in ("maximum", "minimum"):
        add(f"{_name}_with_integers", _pair, a(4, low=0.5), whole(4, low=1))
for _name in ("add", "sub", "mul", "div", "pow"):
    for _kind, _number in (("int", 3), ("float", 2.5), ("bool", True)):
        add(f"{_name}_{_kind}", lambda t, x, n=_name, v=_number: getattr(t, n)(x, v), a(5, low=0.5))
        if (_name, _kind) != ("sub", "bool"):
            add(
                f"{_name}_{_kind}_to_integers",
                lambda t, x, n=_name, v=_number: getattr(t, n)(x, v),
                whole(5, low=1),
            )
add(
    "operators",
    lambda t, x, y: [
        x + y,
        x - y,
        x * y,
        x / y,
        x**2,
        -x,
        x @ y,
        x % y,
        1 - x,
        2 / y,
        3 + x,
        2 * x,
        2**x,
        abs(x),
    ],
    a(3, 3, low=0.5),
    a(3, 3, seed=1, low=0.5),
)
add(
    "integer_division",
    lambda t, x: [
        x // 2,
        t.div(x, 2, rounding_mode="floor"),
        t.div(x, 2, rounding_mode="trunc"),
        x % 3,
    ],
    whole(9, low=-9, high=9),
)
add("add_alpha", lambda t, x, y: [t.add(x, y, alpha=2), x.sub(y, alpha=0.5)], a(4), a(4, seed=1))
add("add_alpha_of_a_number", lambda t, x: [t.add(x, 2, alpha=3), x.sub(0.5, alpha=0.5)], a(4))
add("add_float_alpha_to_integers", lambda t, x: t.add(x, 2, alpha=0.5), numpy.arange(3))
add("sign_of_nan", lambda t, x: t.sign(x), numpy.float32([numpy.nan, -0.0, -numpy.inf, 2]))
add("tile_by_keyword", lambda t, x: t.tile(x, dims=(2, 1)), a(2, 3))
add(
    "equal_elements_share_the_gradient",
    lambda t, x, y: t.maximum(x, y),
    numpy.float32([1, 2, 3]),
    numpy.float32([1, 3, 2]),
)
add("addcmul", lambda t, x, y, z: t.addcmul(x, y, z, value=0.3), a(4), a(4, seed=1), a(4, seed=2))
add(
    "addcdiv",
    lambda t, x, y, z: t.addcdiv(x, y, z, value=-0.3),
    a(4),
    a(4, seed=1),
    a(4, seed=2, low=1),
)
add("lerp", lambda t, x, y: [t.lerp(x, y, 0.3), t.lerp(x, y, 0.8)], a(4), a(4, seed=1))
add("clamp", lambda t, x: [x.clamp(-1, 1), x.clamp(min=0.5), x.clamp(max=0)], a(9))
add("clamp_by_tensors", lambda t, x, y: t.clamp(x, min=y), a(9), a(9, seed=1))
add(
    "where",
    lambda t, c, x, y: [t.where(c, x, y), t.where(c, x, 0.0), t.where(c, 2.0, y)],
    mask(3, 4),
    a(3, 4),
    a(4, seed=1),
)
add("masked_fill", lambda t, c, x: x.masked_fill(c, float("-inf")), mask(3, 4), a(3, 4))
add(
    "comparisons",
    lambda t, x, y: [x > y, x >= y, x < y, x <= y, x == y, x != y, x > 1, x == 1],
    whole(9),
    whole(9, seed=1),
)
add(
    "logic",
    lambda t, x, y: [x & y, x | y, x ^ y, ~x, t.logical_and(x, y), t.logical_not(x)],
    mask(9),
    mask(9, seed=1),
)

# Every pair of types.

_TYPES = (
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "bfloat16",
    "float32",
    "float64",
)
for _left in _TYPES:
    for _right in _TYPES:

        def _promote(torch, left=_left, right=_right):
            x = torch.ones(2, dtype=getattr(torch, left))
            y = torch.ones(2, dtype=getattr(torch, right))
            return [
                x * y,
                x[0] * y,
                x * y[0],
                x * 2,
                x * 2.5,
                torch.result_type(x, y),
                str((x == y).dtype),
            ]

        CASES[f"types_{_left}_{_right}"] = _promote

# Reductions.

for _name in ("sum", "mean", "amax", "amin", "logsumexp", "var", "std", "norm"):
    for _dims in (0, -1, (0, 2)):
        for _keep in (False, True):

            def _reduce(torch, x, name=_name, dims=_dims, keep=_keep):
                if name == "norm":
                    return torch.norm(x, 2, dims, keep)
                return getattr(torch, name)(x, dim=dims, keepdim=keep)

            add(f"{_name}_over_{_dims}_{_keep}".replace(" ", ""), _reduce, a(3, 4, 2))
for _name in (
    "sum",
    "mean",
    "max",
    "min",
    "prod",
    "norm",
    "var",
    "std",
    "all",
    "any",
    "argmax",
    "argmin",
):
    add(f"{_name}_of_all", lambda t, x, n=_name: getattr(t, n)(x), a(3, 4, low=0.5))
for _name in ("max", "min"):
    add(f"{_name}_along", lambda t, x, n=_name: list(getattr(t, n)(x, 1)), a(3, 4))
    add(
        f"{_name}_along_keepdim",
        lambda t, x, n=_name: list(getattr(t, n)(x, dim=0, keepdim=True)),
        a(3, 4),
    )
    add(f"{_name}_of_two", lambda t, x, y, n=_name: getattr(t, n)(x, y), a(3, 4), a(3, 4, seed=1))
add(
    "sum_of_integers_is_int64",
    lambda t, x: [x.sum(), x.int().sum(), (x > 2).sum(), x.sum(0)],
    whole(3, 4),
)
add("sum_dtype", lambda t, x: x.sum(dtype=t.float64), a(3, 4))
add("sum_of_nothing", lambda t, x: [x.sum(), x.sum(0), x.mean(1)], a(0, 4))
add(
    "all_and_any",
    lambda t, x: [x.all(), x.any(), x.all(0), x.any(1, keepdim=True), t.all(x, dim=1)],
    mask(3, 4),
)
add("argmax_along", lambda t, x: [x.argmax(1), x.argmin(0), x.argmax(1, keepdim=True)], a(3, 4))
add("cumsum", lambda t, x: [x.cumsum(0), x.cumsum(-1)], a(3, 4))
add("cumsum_of_integers", lambda t, x: x.cumsum(0), whole(5))
add(
    "count_nonzero",
    lambda t, x: [t.count_nonzero(x), t.count_nonzero(x, dim=0)],
    whole(3, 4, high=2),
)
add("norms", lambda t, x: [x.norm(), x.norm(1), x.norm(float("inf"))], a(3, 4))
add("logsumexp_of_large", lambda t, x: t.logsumexp(x * 1000, 1), a(3, 4))

# Products.

add("matmul_matrices", lambda t, x, y: x @ y, a(3, 4), a(4, 5, seed=1))
add("matmul_vectors", lambda t, x, y: x @ y, a(4), a(4, seed=1))
add("matmul_vector_matrix", lambda t, x, y: x @ y, a(4), a(4, 3, seed=1))
add("matmul_matrix_vector", lambda t, x, y: x @ y, a(3, 4), a(4, seed=1))
add("matmul_batch", lambda t, x, y: t.matmul(x, y), a(2, 3, 4), a(2, 4, 5, seed=1))
add("matmul_batch_by_matrix", lambda t, x, y: t.matmul(x, y), a(2, 3, 4), a(4, 5, seed=1))
add("matmul_broadcast_batch", lambda t, x, y: t.matmul(x, y), a(2, 1, 3, 4), a(5, 4, 2, seed=1))
add("matmul_transposed", lambda t, x, y: x.t() @ y.t(), a(4, 3), a(5, 4, seed=1))
add("matmul_of_nothing", lambda t, x, y: x @ y, a(0, 4), a(4, 5))
add("matmul_inner_nothing", lambda t, x, y: x @ y, a(3, 0), a(0, 5))
add("matmul_wrong_shapes", lambda t, x, y: x @ y, a(3, 4), a(3, 4))
add("matmul_wrong_types", lambda t, x, y: x @ y, a(3, 4), a(4, 3, dtype="float64"))
add("bmm", lambda t, x, y: t.bmm(x, y), a(2, 3, 4), a(2, 4, 5, seed=1))
# Large enough for msops, as they are stored, transposed, and with gaps that NumPy has to read.
_LEFT = a(3, 90, 70, low=-0.1, high=0.1)
_RIGHT = a(3, 70, 130, seed=1, low=-0.1, high=0.1)
add("bmm_of_large", lambda t, x, y: t.bmm(x, y), _LEFT, _RIGHT)
add(
    "bmm_of_large_transposed",
    lambda t, x, y: t.bmm(x.transpose(1, 2), y.permute(1, 2, 0)),
    _LEFT.swapaxes(1, 2).copy(),
    _RIGHT.transpose(2, 0, 1).copy(),
)
add(
    "bmm_of_large_with_gaps",
    lambda t, x, y: t.bmm(x[:, ::2, 1:], y),
    a(3, 180, 71, low=-0.1, high=0.1),
    _RIGHT,
)
add(
    "baddbmm",
    lambda t, z, x, y: t.baddbmm(z, x, y, beta=0.5, alpha=2.0),
    a(2, 3, 5),
    a(2, 3, 4),
    a(2, 4, 5, seed=1),
)
add("addmm", lambda t, z, x, y: t.addmm(z, x, y), a(5), a(3, 4), a(4, 5, seed=1))
add("outer", lambda t, x, y: t.outer(x, y), a(3), a(4, seed=1))
add(
    "einsum",
    lambda t, x, y: [t.einsum("ij,jk->ik", x, y), t.einsum("ij,jk", x, y), t.einsum("ij->j", x)],
    a(3, 4),
    a(4, 2, seed=1),
)
add(
    "linear",
    lambda t, x, w, b: t.nn.functional.linear(x, w, b),
    a(2, 3, 4),
    a(5, 4, seed=1),
    a(5, seed=2),
)
add("linear_of_no_rows", lambda t, x, w: t.nn.functional.linear(x, w), a(0, 4), a(5, 4, seed=1))

# Shapes.

add(
    "views",
    lambda t, x: [
        x.view(4, 3),
        x.view(-1),
        x.reshape(2, -1),
        x.flatten(),
        x.t(),
        x.transpose(0, 1),
        x.permute(1, 0),
        x.unsqueeze(0),
        x.unsqueeze(-1),
        x[None],
        x.T,
        x.view(1, 3, 4).squeeze(0),
        x.expand(2, 3, 4),
        x.ravel(),
    ],
    a(3, 4),
)
add(
    "strides",
    lambda t, x: [
        x.t().stride(),
        x.transpose(0, 1).is_contiguous(),
        x[1:].storage_offset(),
        x.expand(2, 3, 4).stride(),
        x[:, 1].stride(),
        x.t().contiguous().stride(),
    ],
    a(3, 4),
)
add("view_that_needs_a_copy", lambda t, x: x.t().view(-1), a(3, 4))
add("view_of_a_transposed_where_possible", lambda t, x: x.transpose(0, 1).view(4, 3, 1), a(3, 4))
add("reshape_of_a_transposed", lambda t, x: x.t().reshape(2, 6), a(3, 4))
add("reshape_wrong", lambda t, x: x.reshape(5, -1), a(3, 4))
add("expand_wrong", lambda t, x: x.expand(3, 5), a(3, 4))
add("squeeze", lambda t, x: [x.squeeze(), x.squeeze(0), x.squeeze(1), x.squeeze(-1)], a(1, 3, 1))
add("movedim", lambda t, x: x.movedim(0, -1), a(2, 3, 4))
add("split", lambda t, x: list(t.split(x, 2, dim=1)), a(3, 5))
add("split_sizes", lambda t, x: list(x.split([1, 3, 1], dim=1)), a(3, 5))
add("split_with_nothing", lambda t, x: list(x.split([2, 0, 3], dim=1)), a(3, 5))
add("split_of_nothing", lambda t, x: list(x.split([0, 0], dim=0)), a(0, 5))
add("split_wrong", lambda t, x: list(x.split([1, 3], dim=1)), a(3, 5))
add("cat_of_split", lambda t, x: t.cat(x.split([1, 3, 1], dim=1)[::-1], dim=1) * 2, a(3, 5))
add("chunk", lambda t, x: list(t.chunk(x, 3, dim=1)), a(3, 7))
add("unbind", lambda t, x: list(x.unbind(1)), a(3, 4))
add(
    "cat",
    lambda t, x, y: [t.cat([x, y]), t.cat((x, y), dim=-1), t.cat([x, y, x])],
    a(3, 4),
    a(3, 4, seed=1),
)
add("cat_with_nothing", lambda t, x, y: t.cat([x, y, x]), a(3, 4), a(0, 4))
add("cat_mixed_types", lambda t, x, y: t.cat([x, y]), a(3), whole(3))
add("cat_wrong", lambda t, x, y: t.cat([x, y]), a(3, 4), a(3, 5))
add("stack", lambda t, x, y: [t.stack([x, y]), t.stack([x, y], dim=-1)], a(3, 4), a(3, 4, seed=1))
add("repeat", lambda t, x: [x.repeat(2, 1, 3), x.tile(2)], a(2, 3))
add(
    "repeat_interleave",
    lambda t, x: [x.repeat_interleave(2, 1), t.repeat_interleave(x, 3)],
    a(2, 3),
)
add(
    "roll",
    lambda t, x: [x.roll(1, 0), x.roll((1, -2), (0, 1)), t.roll(x, shifts=-1, dims=-1), x.roll(2)],
    a(3, 4),
)
add("flip", lambda t, x: [x.flip(0), x.flip((0, 1))], a(3, 4))
add("triangles", lambda t, x: [x.tril(), x.triu(1), x.tril(-1)], a(4, 4))
add(
    "pad",
    lambda t, x: [t.nn.functional.pad(x, (1, 2)), t.nn.functional.pad(x, (0, 1, 2, 0), value=3.0)],
    a(3, 4),
)
add("meshgrid", lambda t, x, y: list(t.meshgrid(x, y, indexing="ij")), a(3), a(2, seed=1))
add("clone_and_contiguous", lambda t, x: [x.clone(), x.t().contiguous(), x.t().clone()], a(3, 4))
add("as_strided", lambda t, x: t.as_strided(x, (2, 3), (1, 2), 1), a(3, 4))

# Indexing.

_INDEX = {
    "int": lambda x: x[1],
    "negative": lambda x: x[-1],
    "slice": lambda x: x[1:, ::2],
    "none": lambda x: x[None, :, None],
    "ellipsis": lambda x: x[..., 0],
    "mixed": lambda x: x[1:, None, 2],
    "bool": lambda x: x[x > 0],
    "list": lambda x: x[[0, 2, 0]],
    "empty_slice": lambda x: x[2:1],
    "all": lambda x: x[:],
    "step": lambda x: x[::3, 1::2],
    "scalar": lambda x: x[1, 2],
}
for _name, _index in _INDEX.items():
    add(f"index_{_name}", lambda t, x, i=_index: i(x), a(4, 5))
add(
    "index_tensor",
    lambda t, x, i: [x[i], x[:, i], x[i, i], x[i.view(2, 2)]],
    a(4, 5),
    whole(4, high=4),
)
add("index_mask_rows", lambda t, x, m: [x[m], x[~m]], a(4, 5), mask(4))
add("index_out_of_range", lambda t, x: x[7], a(4, 5))
add("index_tensor_out_of_range", lambda t, x: x[t.tensor([7])], a(4, 5))
add(
    "index_select",
    lambda t, x, i: [x.index_select(0, i), t.index_select(x, 1, i)],
    a(4, 5),
    whole(6, high=4),
)
add("masked_select", lambda t, x, m: t.masked_select(x, m), a(4, 5), mask(4, 5))
add("gather", lambda t, x, i: [x.gather(0, i), x.gather(1, i)], a(4, 5), whole(3, 5, high=4))
add("gather_out_of_range", lambda t, x, i: x.gather(0, i + 9), a(4, 5), whole(3, 5, high=4))
add("take_along_dim", lambda t, x: t.take_along_dim(x, x.argsort(1), 1), a(4, 5))
add(
    "nonzero", lambda t, x: [x.nonzero(), list(x.nonzero(as_tuple=True)), t.where(x)[0]], mask(4, 5)
)
add(
    "scatter",
    lambda t, x, i, s: x.scatter(0, i, s),
    a(4, 5),
    numpy.argsort(a(4, 5, seed=3), 0),
    a(4, 5, seed=1),
)
add("scatter_number", lambda t, x, i: x.scatter(1, i, 1.5), a(4, 5), whole(4, 2))
add(
    "scatter_add_many_duplicates",
    lambda t, x, i, s: x.scatter_add(0, i, s),
    a(3, 5),
    whole(400, 5, high=3),
    a(400, 5, seed=1),
)
add(
    "scatter_add_expanded_index",
    lambda t, x, i, s: x.scatter_add(0, i[:, None].expand(-1, 5), s),
    a(3, 5),
    whole(400, high=3),
    a(400, 5, seed=1),
)
add(
    "index_add",
    lambda t, x, i, s: x.index_add(0, i, s, alpha=0.5),
    a(3, 5),
    whole(40, high=3),
    a(40, 5, seed=1),
)
add(
    "index_copy_and_fill",
    lambda t, x, i, s: [x.index_copy(0, i, s), x.index_fill(0, i, 2.0)],
    a(4, 5),
    numpy.int64([2, 0]),
    a(2, 5, seed=1),
)
add("bincount", lambda t, i: [t.bincount(i), t.bincount(i, minlength=9)], whole(20))
add("histc", lambda t, x: [t.histc(x, bins=4, min=-2, max=2)], a(40))
add("embedding", lambda t, i, w: t.nn.functional.embedding(i, w), whole(3, 7), a(5, 4))
add(
    "embedding_padding",
    lambda t, i, w: t.nn.functional.embedding(i, w, padding_idx=2),
    whole(3, 7),
    a(5, 4),
)
add(
    "embedding_out_of_range", lambda t, i, w: t.nn.functional.embedding(i + 9, w), whole(3), a(5, 4)
)
add("one_hot", lambda t, i: [t.nn.functional.one_hot(i), t.nn.functional.one_hot(i, 8)], whole(5))
add("sort", lambda t, x: [*t.sort(x, 1), *x.sort(0, descending=True), x.argsort(1)], a(4, 5))
add(
    "sort_stable",
    lambda t, x: [*t.sort(x, stable=True), *t.sort(x, descending=True, stable=True)],
    whole(20, high=3),
)
add(
    "topk",
    lambda t, x: [
        *t.topk(x, 2),
        *x.topk(3, dim=0, largest=False),
        x.topk(1).indices,
    ],
    a(4, 5),
)
add("topk_too_many", lambda t, x: t.topk(x, 9), a(4, 5))
add("kthvalue_and_median", lambda t, x: [*t.kthvalue(x, 2, 1), x.median(), *x.median(1)], a(4, 5))
add(
    "unique",
    lambda t, x: [x.unique(), *t.unique(x, return_inverse=True, return_counts=True)],
    whole(3, 5),
)
add(
    "searchsorted",
    lambda t, x: [t.searchsorted(t.arange(5.0), x), t.bucketize(x, t.arange(5.0), right=True)],
    a(3, 5),
)

# Activations, normalisation, losses.

_ACTIVATIONS = {
    "relu": {},
    "silu": {},
    "gelu": {},
    "leaky_relu": {},
    "softplus": {},
    "logsigmoid": {},
    "sigmoid": {},
    "tanh": {},
    "glu": {},
}
for _name in _ACTIVATIONS:
    add(
        f"activation_{_name}",
        lambda t, x, n=_name: getattr(t.nn.functional, n)(x),
        a(4, 6, low=-6, high=6),
    )
    add(
        f"activation_{_name}_of_nothing",
        lambda t, x, n=_name: getattr(t.nn.functional, n)(x),
        a(0, 6),
    )
add("gelu_tanh", lambda t, x: t.nn.functional.gelu(x, approximate="tanh"), a(4, 6, low=-6, high=6))
for _name in ("softmax", "log_softmax"):
    for _dim in (0, 1, -1):
        add(
            f"{_name}_{_dim}",
            lambda t, x, n=_name, d=_dim: getattr(t.nn.functional, n)(x, dim=d),
            a(3, 4, 5, low=-9, high=9),
        )
    add(
        f"{_name}_of_minus_infinity",
        lambda t, x, m, n=_name: getattr(t, n)(x.masked_fill(m, float("-inf")), -1),
        a(3, 9),
        mask(3, 9),
    )
    add(f"{_name}_dtype", lambda t, x, n=_name: getattr(t, n)(x, -1, dtype=t.float64), a(3, 9))
    add(f"{_name}_of_nothing", lambda t, x, n=_name: getattr(t, n)(x, -1), a(0, 9))
add(
    "layer_norm",
    lambda t, x, w, b: t.nn.functional.layer_norm(x, (6,), w, b),
    a(2, 3, 6),
    a(6, seed=1),
    a(6, seed=2),
)
for _dtype in ("float16", "bfloat16", "float64"):
    add(
        f"layer_norm_of_{_dtype}",
        lambda t, x, w, b, d=_dtype: t.nn.functional.layer_norm(
            x.to(getattr(t, d)),
            (6,),
            w.to(getattr(t, d)),
            b.to(getattr(t, d)),
        ),
        a(2, 3, 6),
        a(6, seed=1),
        a(6, seed=2),
    )
    for _form in ("none", "tanh"):
        add(
            f"gelu_{_form}_of_{_dtype}",
            lambda t, x, d=_dtype, f=_form: t.nn.functional.gelu(
                x.to(getattr(t, d)), approximate=f
            ),
            a(4, 6, low=-6, high=6),
        )
    add(
        f"embedding_of_{_dtype}",
        lambda t, i, w, d=_dtype: t.nn.functional.embedding(i, w.to(getattr(t, d)), -1),
        whole(3, 7),
        a(5, 4),
    )
add(
    "layer_norm_without_bias",
    lambda t, x, w: t.nn.functional.layer_norm(x, (3, 6), w),
    a(2, 3, 6),
    a(3, 6, seed=1),
)
add(
    "layer_norm_of_no_rows",
    lambda t, x, w: t.nn.functional.layer_norm(x, (6,), w),
    a(0, 6),
    a(6, seed=1),
)
add(
    "layer_norm_of_a_transposed",
    lambda t, x, w: t.nn.functional.layer_norm(x.transpose(0, 1), (6,), w),
    a(2, 3, 6),
    a(6, seed=1),
)
add(
    "layer_norm_of_other_types",
    lambda t, x, w: t.nn.functional.layer_norm(x, (6,), w.double()),
    a(2, 6),
    a(6, seed=1),
)


def _grouped(t, x, w, *offs):
    return t.nn.functional.grouped_mm(x, w, offs=t.tensor(offs, dtype=t.int32))


for _name, _offs in {"": (3, 3, 8), "_of_one_expert": (0, 8, 8)}.items():
    add(
        f"grouped_mm{_name}",
        lambda t, x, w, o=_offs: _grouped(t, x, w, *o),
        a(8, 16),
        a(3, 16, 4, seed=1),
    )
for _dtype in ("float16", "bfloat16"):
    add(
        f"grouped_mm_of_{_dtype}",
        lambda t, x, w, d=_dtype: _grouped(t, x.to(getattr(t, d)), w.to(getattr(t, d)), 3, 3, 8),
        a(8, 16),
        a(3, 16, 8, seed=1),
    )
add(
    "grouped_mm_of_transposed_matrices",
    lambda t, x, w: _grouped(t, x, w.transpose(1, 2), 1, 2, 8),
    a(8, 16),
    a(3, 4, 16, seed=1),
)
add(
    "grouped_mm_up_to_the_last_offset",
    lambda t, x, w: _grouped(t, x.detach(), w, 2, 3, 6)[:6],
    a(8, 16),
    a(3, 16, 4, seed=1),
)
add(
    "grouped_mm_of_batches",
    lambda t, x, w: t.nn.functional.grouped_mm(x, w),
    a(3, 8, 16),
    a(3, 16, 4, seed=1),
)
add(
    "grouped_mm_without_offsets",
    lambda t, x, w: t.nn.functional.grouped_mm(x, w),
    a(8, 16),
    a(3, 16, 4),
)
add("grouped_mm_of_other_batch_sizes", lambda t, x, w: _grouped(t, x, w, 8), a(8, 16), a(3, 16, 4))
add("gelu_of_whole_numbers", lambda t, i: t.nn.functional.gelu(i), whole(3))
add(
    "gelu_of_a_view",
    lambda t, x: t.nn.functional.gelu(x[:, 1::2].transpose(0, 1)),
    a(4, 6, low=-6, high=6),
)
add(
    "embedding_of_a_view",
    lambda t, i, w: t.nn.functional.embedding(i.t()[1:], w.t()),
    whole(3, 7),
    a(4, 5),
)
add(
    "embedding_by_short_numbers",
    lambda t, i, w: t.nn.functional.embedding(i.int(), w),
    whole(3),
    a(5, 4),
)
add(
    "embedding_with_padding_out_of_range",
    lambda t, i, w: t.nn.functional.embedding(i, w, padding_idx=5),
    whole(3),
    a(5, 4),
)
for _name, _options in {
    "plain": lambda t, m: {},
    "causal": lambda t, m: {"is_causal": True},
    "scaled": lambda t, m: {"scale": 0.3},
    "seen": lambda t, m: {"attn_mask": (m > -0.5).logical_and(m[:, :1] < 1.0)},
    "added": lambda t, m: {"attn_mask": m},
}.items():
    add(
        f"attention_of_many_queries_{_name}",
        lambda t, q, k, v, m, options=_options: t.nn.functional.scaled_dot_product_attention(
            q, k, v, **options(t, m.detach())
        ),
        a(2, 2, 40, 8),
        a(2, 2, 50, 8, seed=1),
        a(2, 2, 50, 5, seed=2),
        a(40, 50, seed=3),
    )
add(
    "attention_of_transposed_heads_in_groups",
    lambda t, q, k: t.nn.functional.scaled_dot_product_attention(
        q.transpose(1, 2), k.transpose(1, 2), k.transpose(1, 2), enable_gqa=True
    ),
    a(2, 40, 4, 8),
    a(2, 50, 2, 8, seed=1),
)
add("layer_norm_plain", lambda t, x: t.nn.functional.layer_norm(x, (3, 6)), a(2, 3, 6))
add(
    "rms_norm", lambda t, x, w: t.nn.functional.rms_norm(x, (6,), w, 1e-6), a(2, 3, 6), a(6, seed=1)
)
add("rms_norm_default_eps", lambda t, x: t.nn.functional.rms_norm(x, (6,)), a(2, 3, 6))
add(
    "rms_norm_of_no_rows",
    lambda t, x, w: t.nn.functional.rms_norm(x, (6,), w, 1e-6),
    a(0, 6),
    a(6, seed=1),
)
add(
    "rms_norm_of_a_transposed",
    lambda t, x, w: t.nn.functional.rms_norm(x.transpose(0, 1), (6,), w, 1e-6),
    a(2, 3, 6),
    a(6, seed=1),
)
add("normalize", lambda t, x: t.nn.functional.normalize(x), a(3, 4))
for _reduction in ("mean", "sum", "none"):
    add(
        f"cross_entropy_{_reduction}",
        lambda t, x, i, r=_reduction: t.nn.functional.cross_entropy(x, i, reduction=r),
        a(6, 5),
        whole(6),
    )
    add(
        f"cross_entropy_ignored_{_reduction}",
        lambda t, x, i, r=_reduction: t.nn.functional.cross_entropy(
            x, i, ignore_index=2, reduction=r
        ),
        a(6, 5),
        whole(6),
    )
    for _smoothing in (0.1, 1.0):
        add(
            f"cross_entropy_smoothed_{_smoothing}_{_reduction}",
            lambda t, x, i, r=_reduction, s=_smoothing: t.nn.functional.cross_entropy(
                x, i, ignore_index=2, reduction=r, label_smoothing=s
            ),
            a(6, 5),
            whole(6),
        )
    for _dtype in ("float16", "bfloat16", "float64"):
        add(
            f"cross_entropy_{_reduction}_of_{_dtype}",
            lambda t, x, i, r=_reduction, d=_dtype: t.nn.functional.cross_entropy(
                x.to(getattr(t, d)), i, reduction=r
            ),
            a(6, 5),
            whole(6),
        )
    add(
        f"mse_{_reduction}",
        lambda t, x, y, r=_reduction: t.nn.functional.mse_loss(x, y, reduction=r),
        a(6, 5),
        a(6, 5, seed=1),
    )
add(
    "cross_entropy_weighted",
    lambda t, x, i, w: t.nn.functional.cross_entropy(x, i, w.detach()),
    a(6, 5),
    whole(6),
    a(5, low=0.1),
)
add(
    "cross_entropy_over_positions",
    lambda t, x, i: t.nn.functional.cross_entropy(x, i),
    a(2, 5, 3),
    whole(2, 3),
)
add(
    "cross_entropy_of_one_row",
    lambda t, x, i: t.nn.functional.cross_entropy(x, i[0], label_smoothing=0.2),
    a(5),
    whole(1),
)
add(
    "cross_entropy_over_a_view",
    lambda t, x, i: t.nn.functional.cross_entropy(x[..., :-1].transpose(0, 1), i),
    a(7, 6),
    whole(7, 5)[0],
)
add(
    "cross_entropy_with_every_row_ignored",
    lambda t, x, i: t.nn.functional.cross_entropy(x, i * 0 + 9, ignore_index=9),
    a(6, 5),
    whole(6),
)
add(
    "cross_entropy_without_rows",
    lambda t, x, i: t.nn.functional.cross_entropy(x, i, reduction="none"),
    a(0, 5),
    whole(0),
)
add(
    "cross_entropy_out_of_range",
    lambda t, x, i: t.nn.functional.cross_entropy(x, i + 9),
    a(6, 5),
    whole(6),
)
add(
    "bce_with_logits",
    lambda t, x, y: t.nn.functional.binary_cross_entropy_with_logits(x, y.detach()),
    a(6),
    a(6, low=0, high=1),
)

# Making tensors.


def _outlines(torch):
    """What is known of tensors of the meta device and of their views."""
    made = [
        torch.empty(6, 4, dtype=torch.bfloat16, device="meta"),
        torch.zeros((2, 3), device="meta"),
        torch.ones(2, dtype=torch.int64, device=torch.device("meta")),
    ]
    x = made[0]
    made += [x.flatten()[3:7], x.t(), x.view(2, -1), x.narrow(0, 1, 2), x[1:, 2], x.unsqueeze(1)]
    made += [*x.chunk(4), *x.split([1, 5]), x.expand(2, 6, 4), x.transpose(0, 1)[2:]]
    facts = [(m.shape, m.stride(), m.dtype, m.ndim, m.numel(), m.is_contiguous()) for m in made]
    return facts, [(m.storage_offset(), m.element_size(), m.nbytes, str(m.device)) for m in made]


class _Foreign:
    """An operand that knows what to do with a tensor."""

    def _answer(self, other):
        return "mine"

    __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rfloordiv__ = __rmod__ = __rpow__ = _answer
    __rmatmul__ = __rand__ = __ror__ = __rxor__ = __rlshift__ = __rrshift__ = _answer
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = _answer


_BINARY = [
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "matmul",
    "and_",
    "or_",
    "xor",
    "lshift",
    "rshift",
    "lt",
    "le",
    "gt",
    "ge",
    "eq",
    "ne",
    "iadd",
    "isub",
    "imul",
    "itruediv",
    "ifloordiv",
    "imod",
    "ipow",
    "iand",
    "ior",
    "ixor",
]


def _with_foreign_operands(x):
    """What each operator makes of a tensor and something else, or the kind of its error."""
    answers = []
    for name in _BINARY:
        for left, right in ((x, _Foreign()), (x, [1]), ([1], x), ("%d", x), (x, None)):
            try:
                answers.append(getattr(operator, name)(left, right))
            except TypeError:
                answers.append("TypeError")
    return answers


_MAKING = {
    "arange": lambda t: [
        t.arange(5),
        t.arange(2, 9, 3),
        t.arange(0, 1, 0.25),
        t.arange(5.0),
        t.arange(3, dtype=t.float32),
    ],
    "linspace": lambda t: [t.linspace(0, 1, 5), t.linspace(3, -2, 7), t.linspace(1, 2, 1)],
    "zeros": lambda t: [
        t.zeros(2, 3),
        t.zeros((2, 3)),
        t.ones(2, dtype=t.int32),
        t.full((2,), 3),
        t.full((2,), 2.5),
        t.eye(3),
    ],
    "like": lambda t: [
        t.zeros_like(t.ones(2)),
        t.ones_like(t.ones(2), dtype=t.int64),
        t.full_like(t.ones(2), 7),
        t.ones(2).new_zeros(3),
    ],
    "tensor": lambda t: [
        t.tensor(1),
        t.tensor(1.5),
        t.tensor([1, 2]),
        t.tensor([[1.0, 2], [3, 4]]),
        t.tensor(True),
        t.tensor([True, False]),
    ],
    "tensor_typed": lambda t: [
        t.tensor([1.5, 2.5], dtype=t.int64),
        t.tensor([1, 2], dtype=t.float16),
        t.tensor([]),
    ],
    "tensor_of_tensors": lambda t: [
        t.tensor([t.tensor(1.0), t.tensor(2.0)]),
        t.as_tensor([1, 2]),
        t.Tensor([1, 2]),
        t.FloatTensor(2, 3).shape,
    ],
    "ragged": lambda t: t.tensor([[1, 2], [3]]),
    "converted": lambda t: [
        t.ones(2).long(),
        t.ones(2).to(t.float64),
        t.ones(2).half(),
        t.arange(3).float(),
        t.ones(2).type(t.int32),
        t.ones(2).bool(),
    ],
    "type_names": lambda t: [
        t.ones(2).type(),
        t.arange(2).type(),
        str(t.float32),
        repr(t.int64),
        str(t.ones(2).device),
        t.float16.itemsize,
    ],
    "properties": lambda t: [
        t.ones(2, 3).shape,
        t.ones(2, 3).size(),
        t.ones(2, 3).size(1),
        t.ones(2, 3).numel(),
        t.ones(2).ndim,
        len(t.ones(4, 2)),
        t.ones(2, 3).element_size(),
        t.ones(2, 3).nbytes,
        t.ones(2).is_floating_point(),
        t.arange(2).is_floating_point(),
        t.Size([2, 3]).numel(),
    ],
    "python_numbers": lambda t: [
        float(t.tensor(2.5)),
        int(t.tensor(7)),
        bool(t.tensor(0)),
        t.tensor([[1, 2]]).tolist(),
        t.tensor(3).item(),
        [1, 2, 3][t.tensor(1)],
    ],
    "ambiguous_bool": lambda t: bool(t.ones(2)),
    "item_of_two": lambda t: t.ones(2).item(),
    "zeros_do_not_require_grad": lambda t: [
        t.zeros_like(t.ones(2, requires_grad=True)),
        t.ones_like(t.ones(2, requires_grad=True)),
    ],
    "finfo": lambda t: [
        t.finfo(t.float32).eps,
        t.finfo(t.float32).min,
        t.iinfo(t.int32).max,
        t.finfo(t.bfloat16).max,
        t.finfo(t.float16).tiny,
    ],
    "printed": lambda t: [
        repr(t.arange(3)),
        repr(t.tensor([1.0, 2.0])),
        repr(t.tensor([True, False])),
        repr(t.tensor(3)),
        repr(t.ones(2, requires_grad=True)),
        repr(t.tensor([0.5, 100.25])),
        repr(t.ones(2, dtype=t.float64)),
        repr(t.Size([2, 3])),
        repr(t.tensor([[1, 2], [3, 4]])),
        repr(t.tensor([float("inf"), 1.0])),
    ],
    "integers_do_not_require_grad": lambda t: t.ones(2, dtype=t.int64).requires_grad_(),
    "promotion": lambda t: [
        t.promote_types(t.int64, t.float16),
        t.result_type(t.ones(2, dtype=t.int32), 2.0),
        t.can_cast(t.float32, t.int32),
    ],
    "types_by_names_of_python": lambda t: [
        *(t.zeros(2, dtype=kind) for kind in (bool, int, float, complex)),
        t.tensor([1], dtype=float),
        t.ones(2).to(int),
        t.ones(2).to("cpu", float),
        t.ones(2).to(None, float),
        t.ones(2).sum(dtype=float),
        t.nn.Linear(1, 1).to(float).weight.dtype,
    ],
    "a_type_that_is_none": lambda t: t.ones(2).to(str),
    "a_type_by_a_name_of_python_for_type": lambda t: t.ones(2).type(bool),
    "a_number_after_the_type": lambda t: t.ones(2).to(t.float64, 3),
    "outlines": lambda t: _outlines(t),
    "operands_that_are_no_tensors": lambda t: _with_foreign_operands(t.tensor(3)),
    "dimensions_by_names_of_numpy": lambda t: [
        t.chunk(t.arange(6).view(2, 3), 2, axis=0),
        t.cat([t.ones(2, 1), t.zeros(2, 2)], axis=1),
        t.stack([t.ones(2), t.zeros(2)], axis=-1),
        t.sum(t.ones(2, 3), axis=(0, 1), keepdims=True),
        t.max(t.arange(6).view(2, 3), axis=1, keepdims=True),
        t.ones(2, 3).softmax(axis=0),
        t.arange(6).view(2, 3).select(axis=1, index=2),
        t.arange(3.0).var(axis=0, keepdims=True),
        t.linalg.vector_norm(t.ones(2, 3), axis=0),
    ],
    "a_dimension_of_split_by_the_name_of_numpy": lambda t: t.ones(4).split(2, axis=0),
    "a_dimension_of_softmax_by_the_name_of_numpy": (
        lambda t: t.nn.functional.softmax(t.ones(2), axis=0)
    ),
    "a_dimension_by_both_names": lambda t: t.ones(2).softmax(dim=0, axis=0),
    "broadcast_shapes": lambda t: t.broadcast_shapes((2, 1), (3,)),
    "scalar_arithmetic": lambda t: [
        t.tensor(2) * 2.5,
        t.tensor(2.0, dtype=t.float64) * t.ones(2),
        t.tensor(3) / 2,
        t.tensor(True) + 1,
    ],
}
for _name, _make in _MAKING.items():
    CASES[f"making_{_name}"] = _make


def _refused_types(name, kind):
    def program(torch):
        one = torch.ones(2, dtype=getattr(torch, kind))
        return getattr(torch, name)(one, one)

    CASES[f"{name}_of_two_of_{kind}"] = program


for _name in ("floor_divide", "remainder", "pow"):
    _refused_types(_name, "bool")
for _name in ("lt", "ge", "maximum", "minimum"):
    _refused_types(_name, "complex64")
