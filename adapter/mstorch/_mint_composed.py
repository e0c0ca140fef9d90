# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Functions of MindSpore that are made of mstorch's operators, with MindSpore's parameters.

mstorch has none of the same meaning, and MindSpore's CPU kernels are wrong: gradients of `selu`,
`tanhshrink`, `fftshift` and `ifftshift` are, that of `logit` destroys memory, and `gather` gives
zeros where an index is out of range.
"""

from mstorch import _registry

# Of Klambauer and others, "Self-normalizing neural networks" (2017), in float64.
_SELU_SCALE = 1.0507009873554804934193349852946
_SELU_ALPHA = 1.6732632423543772848170429916717


def _torch(name):
    return _registry.OPERATORS[f"torch.{name}"].cpu


def fftshift(input, dim=None):
    """The zero frequency moved to the middle of each of the dimensions, of all without `dim`."""
    return _rolled(input, dim, lambda size: size // 2)


def gather(input_params, input_indices, axis, batch_dims=0):
    """Slices of `input_params` along `axis`; a wrong index is an error, as in torch's embedding."""
    if batch_dims:
        raise NotImplementedError(
            "mindspore.ops.gather of tensors of mstorch has no batch_dims: use torch.gather"
        )
    axis %= input_params.dim()
    shape = input_params.shape
    slices = _torch("index_select")(input_params, axis, input_indices.reshape(-1))
    return slices.reshape(*shape[:axis], *input_indices.shape, *shape[axis + 1 :])


def ifftshift(input, dim=None):
    """What undoes `fftshift`."""
    return _rolled(input, dim, lambda size: -(size // 2))


def logit(input, eps=None):
    """`log(x / (1 - x))`, of `x` kept within [eps, 1 - eps] where that is given."""
    if eps is not None:
        input = _torch("clamp")(input, eps, 1 - eps)
    return _torch("log")(input / (1 - input))


def selu(input_x):
    """`scale * x` above 0 and `scale * alpha * (exp(x) - 1)` below."""
    below = _torch("expm1")(_torch("clamp")(input_x, max=0)) * _SELU_ALPHA
    return _torch("where")(input_x > 0, input_x, below) * _SELU_SCALE


def tanhshrink(input):
    """`x - tanh(x)`."""
    return input - _torch("tanh")(input)


def _rolled(input, dim, by):
    if dim is None:
        dim = tuple(range(input.dim()))
    dims = (dim,) if isinstance(dim, int) else tuple(dim)
    return _torch("roll")(input, tuple(by(input.shape[d]) for d in dims), dims)


COMPOSED = {
    "mindspore.ops.fftshift": fftshift,
    "mindspore.ops.gather": gather,
    "mindspore.ops.ifftshift": ifftshift,
    "mindspore.ops.logit": logit,
    "mindspore.ops.selu": selu,
    "mindspore.ops.tanhshrink": tanhshrink,
}
