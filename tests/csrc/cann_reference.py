# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""CANN's operators in NumPy, as its documentation describes them.

`OPERATORS[NAME]` takes the arguments of aclnnNAMEGetWorkspaceSize: arrays for tensors (None where
there is none), lists of arrays, numbers. It writes into those that the documentation calls outputs.
"""

import math
from collections.abc import Callable

import numpy as np

OPERATORS: dict[str, Callable[..., None]] = {}

Array = np.ndarray
LOWEST = np.finfo(np.float32).min
HIGHEST = np.finfo(np.float32).max


def operator(function: Callable[..., None]) -> Callable[..., None]:
    OPERATORS[f"aclnn{function.__name__}"] = function
    return function


def elementwise(name: str, formula: Callable[..., Array]) -> None:
    """An operator whose last argument is the result of the others."""

    def run(*arguments: Array) -> None:
        arguments[-1][...] = formula(*arguments[:-1])

    OPERATORS[f"aclnn{name}"] = run


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def softmax(x: Array, dim: int) -> Array:
    weights = np.exp(x - x.max(dim, keepdims=True))
    return weights / weights.sum(dim, keepdims=True)


def added(self: Array, index: Array, source: Array, dim: int) -> Array:
    """self, with each element of source added to where its index says along dim."""
    result, places = self.copy(), list(np.indices(index.shape))
    places[dim] = index
    np.add.at(result, tuple(places), source)
    return result


def summed(x: Array, like: Array) -> Array:
    """The sum over the axes along which `like` was broadcast to x."""
    axes = tuple(
        axis
        for axis, (long, short) in enumerate(zip(x.shape, like.shape, strict=True))
        if long != short
    )
    return x.sum(axes, keepdims=True)


elementwise("Add", lambda a, b, alpha: a + alpha * b)
elementwise("Sub", lambda a, b, alpha: a - alpha * b)
elementwise("Adds", lambda a, b, alpha: a + alpha * b)
elementwise("Mul", lambda a, b: a * b)
elementwise("Muls", lambda a, b: a * b)
elementwise("Div", lambda a, b: a / b)
elementwise("Exp", np.exp)
elementwise("Log", np.log)
elementwise("Sqrt", np.sqrt)
elementwise("Clamp", np.clip)
elementwise("EqTensor", lambda a, b: a == b)
elementwise("EqScalar", lambda a, b: a == b)
elementwise("SWhere", np.where)
elementwise("LogicalNot", np.logical_not)
elementwise("Triu", np.triu)
elementwise("Sigmoid", sigmoid)
elementwise("SigmoidBackward", lambda gradient, y: gradient * y * (1 - y))
elementwise("Softmax", softmax)
elementwise(
    "SoftmaxBackward",
    lambda gradient, y, dim: y * (gradient - (gradient * y).sum(dim, keepdims=True)),
)
elementwise("Amax", lambda x, dims, keep: x.max(tuple(dims), keepdims=bool(keep)))
elementwise(
    "LogSumExp", lambda x, dims, keep: np.log(np.exp(x).sum(tuple(dims), keepdims=bool(keep)))
)
elementwise(
    "ReduceSum", lambda x, dims, keep, dtype: x.sum(tuple(dims) or None, keepdims=bool(keep))
)
elementwise("Gather", lambda x, dim, index: np.take_along_axis(x, index, dim))
elementwise("ScatterAdd", lambda x, dim, index, source: added(x, index, source, dim))
elementwise("Embedding", lambda weight, indices: weight[indices])
elementwise("Permute", np.transpose)
elementwise("Repeat", np.tile)
elementwise("Cat", lambda tensors, dim: np.concatenate(tensors, dim))
elementwise(
    "LinalgVectorNorm",
    lambda x, order, dims, keep, dtype: (
        (np.abs(x) ** order).sum(tuple(dims) or None, keepdims=bool(keep)) ** (1 / order)
    ),
)


@operator
def InplaceFillScalar(self: Array, value: float) -> None:
    self[...] = value


@operator
def InplaceCopy(self: Array, source: Array) -> None:
    self[...] = source


@operator
def InplaceAdd(self: Array, other: Array, alpha: float) -> None:
    self[...] += alpha * other


@operator
def Mm(self: Array, other: Array, out: Array, cube_math: int) -> None:
    out[...] = self @ other


@operator
def BatchMatMul(self: Array, other: Array, out: Array, cube_math: int) -> None:
    out[...] = self @ other


@operator
def Slice(self: Array, dim: int, start: int, end: int, step: int, out: Array) -> None:
    out[...] = np.take(self, range(start, end, step), dim)


@operator
def Scatter(self: Array, dim: int, index: Array, source: Array, reduce: int, out: Array) -> None:
    assert reduce == 0, "1 adds and 2 multiplies"
    out[...] = self
    np.put_along_axis(out, index, source, dim)


@operator
def Bincount(self: Array, weights: Array | None, minlength: int, out: Array) -> None:
    out[...] = np.bincount(self, weights, minlength)


@operator
def EmbeddingDenseBackward(
    gradient: Array, indices: Array, rows: int, padding: int, by_frequency: int, out: Array
) -> None:
    assert not by_frequency
    out[...] = 0
    np.add.at(out, indices, np.where((indices == padding)[..., None], 0, gradient))


@operator
def ApplyAdamWV2(
    parameter, average, square, max_norm, gradient, step, lr, beta1, beta2, decay, eps, amsgrad, up
) -> None:
    assert max_norm is None and not amsgrad and not up
    parameter *= 1 - lr * decay
    average[...] = beta1 * average + (1 - beta1) * gradient
    square[...] = beta2 * square + (1 - beta2) * gradient**2
    root = np.sqrt(square / (1 - beta2 ** step[0])) + eps
    parameter -= lr * average / (1 - beta1 ** step[0]) / root


# Norms and activations.


@operator
def RmsNorm(x: Array, gamma: Array, eps: float, out: Array, rstd: Array) -> None:
    rstd[...] = 1 / np.sqrt((x**2).mean(-1, keepdims=True) + eps)
    out[...] = x * rstd * gamma


@operator
def AddRmsNorm(x, other, gamma, eps, out, rstd, total) -> None:
    total[...] = x + other
    RmsNorm(total, gamma, eps, out, rstd)


@operator
def RmsNormGrad(dy, x, rstd, gamma, dx, dgamma) -> None:
    normal, above = x * rstd, dy * gamma
    dx[...] = rstd * (above - normal * (above * normal).mean(-1, keepdims=True))
    dgamma[...] = (dy * normal).reshape(-1, gamma.size).sum(0)


@operator
def LayerNorm(x, shape, weight, bias, eps, out, mean, rstd) -> None:
    assert shape == list(x.shape[-1:])
    mean[...] = x.mean(-1, keepdims=True)
    rstd[...] = 1 / np.sqrt(x.var(-1, keepdims=True) + eps)
    out[...] = (x - mean) * rstd * weight + bias


@operator
def LayerNormBackward(dy, x, shape, mean, rstd, weight, bias, wanted, dx, dweight, dbias) -> None:
    assert wanted == [1, 1, 1]
    normal, above = (x - mean) * rstd, dy * weight
    along = above.mean(-1, keepdims=True) + normal * (above * normal).mean(-1, keepdims=True)
    dx[...] = rstd * (above - along)
    dweight[...] = (dy * normal).reshape(-1, weight.size).sum(0)
    dbias[...] = dy.reshape(-1, weight.size).sum(0)


@operator
def SwiGlu(x: Array, dim: int, out: Array) -> None:
    a, b = np.split(x, 2, dim)
    out[...] = a * sigmoid(a) * b


@operator
def SwiGluGrad(dy: Array, x: Array, dim: int, dx: Array) -> None:
    a, b = np.split(x, 2, dim)
    s = sigmoid(a)
    dx[...] = np.concatenate([dy * b * s * (1 + a * (1 - s)), dy * a * s], dim)


def gelu(x: Array, tanh: bool) -> tuple[Array, Array]:
    """gelu and its derivative."""
    if tanh:
        inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
        slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x**2)
        t = np.tanh(inner)
        return x * (1 + t) / 2, (1 + t) / 2 + x * (1 - t**2) * slope / 2
    below = (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2
    return x * below, below + x * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)


elementwise("GeluV2", lambda x, form: gelu(x, {0: False, 1: True}[form])[0])
elementwise(
    "GeluBackwardV2",
    lambda gradient, x, form: gradient * gelu(x, {"none": False, "tanh": True}[form])[1],
)


# Rotary embeddings. Mode 0 pairs the two halves, mode 1 neighbours.


def turned(x: Array, mode: int) -> Array:
    """A quarter turn of each pair: (a, b) becomes (-b, a)."""
    if mode == 0:
        a, b = np.split(x, 2, -1)
        return np.concatenate([-b, a], -1)
    assert mode == 1
    return np.stack([-x[..., 1::2], x[..., ::2]], -1).reshape(x.shape)


@operator
def RotaryPositionEmbedding(x: Array, cos: Array, sin: Array, mode: int, out: Array) -> None:
    assert x.ndim == cos.ndim == sin.ndim == 4
    out[...] = x * cos + turned(x, mode) * sin


@operator
def RotaryPositionEmbeddingGrad(dy, cos, sin, x, mode, dx, dcos, dsin) -> None:
    assert dy.ndim == cos.ndim == sin.ndim == 4
    dx[...] = dy * cos - turned(dy * sin, mode)
    if x is not None:
        dcos[...] = summed(dy * x, cos)
        dsin[...] = summed(dy * turned(x, mode), sin)


# The mixture of experts.


@operator
def GroupedMatmulV4(
    x, weight, bias, scale, offset, antiquant_scale, antiquant_offset, token_scale, groups,
    activation, activation_scale, activation_offset, split_item, group_type, list_type,
    act_type, out, feature, quant_scale,
) -> None:  # fmt: skip
    unused = (bias, scale, offset, antiquant_scale, antiquant_offset, token_scale, activation)
    assert not any((*unused, activation_scale, activation_offset, feature, quant_scale))
    assert (split_item, list_type, act_type) == (3, 1, 0), "one output, counts, no activation"
    (x,), (weight,), (out,) = x, weight, out
    ends = np.cumsum(groups)
    for group, (end, count) in enumerate(zip(ends, groups, strict=True)):
        rows = slice(end - count, end)
        if group_type == 0:
            out[rows] = x[rows] @ weight[group]
        else:
            assert group_type == 2, "the groups divide what is summed over"
            out[group] = x[:, rows] @ weight[rows]


@operator
def MoeGatingTopK(
    x, bias, k, group_k, groups, group_mode, renorm, norm_type, scores_too, scale, eps, y, chosen,
    scores,
) -> None:  # fmt: skip
    assert renorm == 0 and scores_too and 1 <= group_k <= groups
    assert bias is None or bias.dtype == x.dtype
    found = {0: lambda: softmax(x, -1), 1: lambda: sigmoid(x)}[norm_type]()
    scores[...] = found
    rank = found if bias is None else found + bias
    members = rank.reshape(len(x), groups, -1)
    best = np.sort(members, -1)[..., ::-1]
    of_group = {0: lambda: best[..., 0], 1: lambda: best[..., 0] + best[..., 1]}[group_mode]()
    limit = np.argsort(-of_group, -1, kind="stable")[:, :group_k]
    allowed = np.zeros((len(x), groups), bool)
    np.put_along_axis(allowed, limit, True, -1)
    rank = np.where(allowed[..., None], members, -np.inf).reshape(x.shape)
    chosen[...] = np.argsort(-rank, -1, kind="stable")[:, :k]
    taken = np.take_along_axis(found, chosen, -1)
    total = taken.sum(-1, keepdims=True) + eps if norm_type == 1 else 1
    y[...] = taken / total * scale


@operator
def MoeTokenPermute(tokens, indices, count, padded, permuted, positions) -> None:
    assert not padded and count == indices.size
    order = np.argsort(indices.reshape(-1), kind="stable")
    permuted[...] = tokens[order // indices.shape[1]]
    positions[order] = np.arange(count)


@operator
def MoeTokenPermuteGrad(gradient, positions, top_k, padded, out) -> None:
    assert not padded
    out[...] = gradient[positions].reshape(-1, top_k, gradient.shape[1]).sum(1)


@operator
def MoeTokenUnpermute(permuted, positions, probs, padded, shape, out) -> None:
    assert not padded and shape is None and probs.dtype == permuted.dtype
    out[...] = (permuted[positions].reshape(*probs.shape, -1) * probs[..., None]).sum(1)


@operator
def MoeTokenUnpermuteGrad(permuted, gradient, positions, probs, padded, shape, dpermuted, dprobs):
    assert not padded and shape is None and probs.dtype == permuted.dtype
    above = gradient[:, None]
    dpermuted[positions] = (above * probs[..., None]).reshape(positions.size, -1)
    dprobs[...] = (permuted[positions].reshape(*probs.shape, -1) * above).sum(-1)


# Attention. A maximum and a sum stand eight times behind each other.


@operator
def DropoutGenMask(shape: list[int], prob: float, seed: int, offset: int, out: Array) -> None:
    (count,) = shape
    assert out.size == -(-count // 128) * 16
    kept = np.random.default_rng([seed, offset]).random(8 * out.size) >= prob
    out[...] = np.packbits(kept)


def hidden_keys(mask, mode: int, before: int, after: int, queries: int, keys: int):
    """Whether each query does not see each key; None where all are seen."""
    if mode == 0:
        assert before == after == 2**31 - 1
        return mask
    assert mask.shape == (2048, 2048) and np.array_equal(mask, np.triu(np.ones_like(mask), 1))
    distance = np.arange(keys) - np.arange(queries)[:, None]
    if mode == 2:
        return distance > 0
    distance -= keys - queries
    if mode == 3:
        return distance > 0
    assert mode == 4
    return (distance > after) | (distance < -before)


class Attention:
    """One batch of sequences, (batch, heads, length, size), with what both directions share."""

    def __init__(
        self, query, key, value, shift, kept, mask, scale, keep, before, after, precise, mode, pse
    ) -> None:
        assert query.shape[-1] == key.shape[-1] >= value.shape[-1]
        self.shared = query.shape[1] // key.shape[1]
        self.query, self.scale = query, scale
        self.key, self.value = (np.repeat(x, self.shared, 1) for x in (key, value))
        self.factor = 1.0 if kept is None else kept / keep
        scores = scale * (query @ np.swapaxes(self.key, 2, 3))
        if shift is not None:
            assert pse == 0, "others multiply the sum by the scale, or make a shift of their own"
            scores = scores + shift
        hidden = hidden_keys(mask, mode, before, after, query.shape[2], key.shape[2])
        self.blind = np.zeros((*scores.shape[:3], 1), bool)
        if hidden is not None:
            hidden = np.broadcast_to(hidden, scores.shape)
            scores = np.where(hidden, LOWEST, scores)
            if precise == 2:  # or else rows that see nothing are the mean of what they do not see
                self.blind = hidden.all(-1, keepdims=True)
        self.scores = scores

    def forward(self) -> tuple[Array, Array, Array]:
        maximum = self.scores.max(-1, keepdims=True)
        weights = np.exp(self.scores - maximum)
        total = np.where(self.blind, HIGHEST, weights.sum(-1, keepdims=True))
        return weights / total * self.factor @ self.value, maximum, total

    def backward(self, dy, output, maximum, total) -> tuple[Array, Array, Array, Array]:
        weights = np.exp(self.scores - maximum) / total
        delta = (dy * output).sum(-1, keepdims=True)
        dscores = weights * (dy @ np.swapaxes(self.value, 2, 3) * self.factor - delta)
        dq = self.scale * dscores @ self.key
        dk = self.scale * np.swapaxes(dscores, 2, 3) @ self.query
        dv = np.swapaxes(weights * self.factor, 2, 3) @ dy
        return dq, self._of_keys(dk), self._of_keys(dv), dscores

    def _of_keys(self, gradient: Array) -> Array:
        batch, heads, length, size = gradient.shape
        return gradient.reshape(batch, heads // self.shared, self.shared, length, size).sum(2)


def kept_weights(bits: Array | None, query: Array, key: Array) -> Array | None:
    """Which weight of each query and key dropout leaves; None without dropout."""
    if bits is None:
        return None
    shape = (*query.shape[:3], key.shape[2])
    return np.unpackbits(bits)[: math.prod(shape)].reshape(shape)


@operator
def FlashAttentionScoreV2(
    query, key, value, shift, drop, padding, mask, prefix, starts, key_starts, scale, keep, before,
    after, heads, layout, precise, mode, pse, maximum, total, unused, out,
) -> None:  # fmt: skip
    assert (layout, heads, padding, unused) == ("BNSD", query.shape[1], None, None)
    assert not prefix and not starts and not key_starts
    attention = Attention(
        query, key, value, shift, kept_weights(drop, query, key), mask, scale, keep, before, after,
        precise, mode, pse,
    )  # fmt: skip
    out[...], maximum[...], total[...] = attention.forward()


@operator
def FlashAttentionScoreGradV2(
    query, key, value, dy, shift, drop, padding, mask, maximum, total, unused, output, prefix,
    starts, key_starts, scale, keep, before, after, heads, layout, precise, mode, pse, dq, dk, dv,
    dshift,
) -> None:  # fmt: skip
    assert (layout, heads, padding, unused) == ("BNSD", query.shape[1], None, None)
    assert not prefix and not starts and not key_starts
    attention = Attention(
        query, key, value, shift, kept_weights(drop, query, key), mask, scale, keep, before, after,
        precise, mode, pse,
    )  # fmt: skip
    dq[...], dk[...], dv[...], dscores = attention.backward(
        dy, output, maximum[..., :1], total[..., :1]
    )
    if shift is not None:
        dshift[...] = dscores


def sequences(query, key, drop, ends, key_ends):
    """Rows of queries, rows of keys and the kept weights of each packed sequence."""
    first = first_key = used = 0
    for end, key_end in zip(ends, key_ends, strict=True):
        shape = (1, query.shape[1], end - first, key_end - first_key)
        kept = None
        if drop is not None:
            kept = np.unpackbits(drop)[used : used + math.prod(shape)].reshape(shape)
        yield slice(first, end), slice(first_key, key_end), kept
        first, first_key, used = end, key_end, used + math.prod(shape)
    assert (first, first_key) == (len(query), len(key))


def whole(packed: Array) -> Array:
    """(length, heads, size) as a batch of one."""
    return np.swapaxes(packed, 0, 1)[None]


def packed(batch: Array) -> Array:
    return np.swapaxes(batch[0], 0, 1)


@operator
def FlashAttentionVarLenScore(
    query, key, value, shift, drop, padding, mask, prefix, ends, key_ends, scale, keep, before,
    after, heads, layout, precise, mode, maximum, total, unused, out,
) -> None:  # fmt: skip
    assert (layout, heads, shift, padding, unused) == ("TND", query.shape[1], None, None, None)
    assert not prefix
    for rows, keys, kept in sequences(query, key, drop, ends, key_ends):
        found = Attention(
            whole(query[rows]), whole(key[keys]), whole(value[keys]), None, kept, mask, scale, keep,
            before, after, precise, mode, 1,
        ).forward()  # fmt: skip
        for to, part in zip((out, maximum, total), found, strict=True):
            to[rows] = packed(part)


@operator
def FlashAttentionUnpaddingScoreGrad(
    query, key, value, dy, shift, drop, padding, mask, maximum, total, unused, output, prefix, ends,
    key_ends, scale, keep, before, after, heads, layout, precise, mode, dq, dk, dv, dshift,
) -> None:  # fmt: skip
    assert (layout, heads, shift, padding, unused) == ("TND", query.shape[1], None, None, None)
    assert not prefix
    for rows, keys, kept in sequences(query, key, drop, ends, key_ends):
        found = Attention(
            whole(query[rows]), whole(key[keys]), whole(value[keys]), None, kept, mask, scale, keep,
            before, after, precise, mode, 1,
        ).backward(
            whole(dy[rows]), whole(output[rows]), whole(maximum[rows])[..., :1],
            whole(total[rows])[..., :1],
        )  # fmt: skip
        for to, at, part in zip((dq, dk, dv), (rows, keys, keys), found[:3], strict=True):
            to[at] = packed(part)


@operator
def RingAttentionUpdate(
    one, one_max, one_sum, other, other_max, other_sum, ends, layout, out, maximum, total
) -> None:
    assert layout == "SBH" and ends is None
    maximum[...] = np.maximum(one_max, other_max)
    one_part = one_sum * np.exp(one_max - maximum)
    other_part = other_sum * np.exp(other_max - maximum)
    total[...] = one_part + other_part
    heads = one_max.shape[1]

    def times(x: Array, weight: Array) -> Array:
        """(length, batch, heads * size) times (batch, heads, length, 8)."""
        by_head = x.reshape(*x.shape[:2], heads, -1)
        return (by_head * weight[..., :1].transpose(2, 0, 1, 3)).reshape(x.shape)

    out[...] = times(one, one_part / total) + times(other, other_part / total)
