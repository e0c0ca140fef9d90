# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Layers without parameters, and losses."""

from mstorch._ops import activation, dropout, loss, pointwise, views
from mstorch.nn.modules.module import Module


class Identity(Module):
    """The input itself; any arguments are accepted."""

    def __init__(self, *args, **kwargs):
        super().__init__()

    def forward(self, input):
        return input


class Dropout(Module):
    """Elements set to zero at random while training."""

    def __init__(self, p=0.5, inplace=False):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p, self.inplace = p, inplace

    def forward(self, input):
        return dropout.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self):
        return f"p={self.p}, inplace={self.inplace}"


class SiLU(Module):
    """`x * sigmoid(x)`."""

    def __init__(self, inplace=False):
        super().__init__()
        self.inplace = inplace

    def forward(self, input):
        return activation.silu(input, self.inplace)


class ReLU(Module):
    """`max(x, 0)`."""

    def __init__(self, inplace=False):
        super().__init__()
        self.inplace = inplace

    def forward(self, input):
        return activation.relu(input, self.inplace)


class GELU(Module):
    """x times the normal distribution's cumulative function."""

    def __init__(self, approximate="none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, input):
        return activation.gelu(input, self.approximate)


class Sigmoid(Module):
    """`1 / (1 + exp(-x))`."""

    def forward(self, input):
        return pointwise.sigmoid(input)


class Tanh(Module):
    """The hyperbolic tangent."""

    def forward(self, input):
        return pointwise.tanh(input)


class Softmax(Module):
    """Softmax along a dimension."""

    def __init__(self, dim=None):
        super().__init__()
        self.dim = dim

    def forward(self, input):
        return activation.functional_softmax(input, self.dim)

    def extra_repr(self):
        return f"dim={self.dim}"


class LogSoftmax(Softmax):
    """The logarithm of softmax along a dimension."""

    def forward(self, input):
        return activation.functional_log_softmax(input, self.dim)


class Flatten(Module):
    """Dimensions from start to end made one."""

    def __init__(self, start_dim=1, end_dim=-1):
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input):
        return views.flatten(input, self.start_dim, self.end_dim)


class CrossEntropyLoss(Module):
    """F.cross_entropy."""

    def __init__(
        self,
        weight=None,
        size_average=None,
        ignore_index=-100,
        reduce=None,
        reduction="mean",
        label_smoothing=0.0,
    ):
        super().__init__()
        self.register_buffer("weight", weight)
        self.options = (size_average, ignore_index, reduce, reduction, label_smoothing)

    def forward(self, input, target):
        return loss.cross_entropy(input, target, self.weight, *self.options)


class MSELoss(Module):
    """F.mse_loss."""

    def __init__(self, size_average=None, reduce=None, reduction="mean"):
        super().__init__()
        self.reduction = reduction

    def forward(self, input, target):
        return loss.mse_loss(input, target, reduction=self.reduction)
