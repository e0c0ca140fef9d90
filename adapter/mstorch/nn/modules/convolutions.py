# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Convolution layers."""

from mstorch._ops import convolution, creation, views
from mstorch.nn.modules.layers import reset_uniform
from mstorch.nn.modules.module import Module
from mstorch.nn.parameter import Parameter


def _each(value, count):
    return (value,) * count if isinstance(value, int) else tuple(value)


class _Convolution(Module):
    """What the layers share; `weight` is (out_channels, in_channels / groups, *kernel)."""

    _count = 0
    _function = None

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        dilation=1,
        groups=1,
        bias=True,
        padding_mode="zeros",
        device=None,
        dtype=None,
    ):
        super().__init__()
        for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if channels % groups:
                raise ValueError(f"{name} must be divisible by groups")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride = _each(kernel_size, self._count), _each(stride, self._count)
        self.dilation, self.padding_mode = _each(dilation, self._count), padding_mode
        self.padding = padding if isinstance(padding, str) else _each(padding, self._count)
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = Parameter(creation.empty(shape, device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(creation.empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self):
        """Uniform within 1 / sqrt of the elements that a window sees."""
        reset_uniform(self.weight, self.bias)

    def _borders(self):
        """Widths of borders from the last dimension backwards, as F.pad takes them."""
        totals = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
        if self.padding == "same":
            pairs = [(total // 2, total - total // 2) for total in totals]
        elif self.padding == "valid":
            pairs = [(0, 0)] * self._count
        else:
            pairs = [(p, p) for p in self.padding]
        return [width for pair in reversed(pairs) for width in pair]

    def forward(self, input):
        padding = self.padding
        if self.padding_mode != "zeros":
            input, padding = views.pad(input, self._borders(), self.padding_mode), 0
        return self._function(
            input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups
        )

    def extra_repr(self):
        text = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}"
        )
        if self.padding != (0,) * self._count:
            text += f", padding={self.padding}"
        if self.dilation != (1,) * self._count:
            text += f", dilation={self.dilation}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        return text if self.padding_mode == "zeros" else f"{text}, padding_mode={self.padding_mode}"


class Conv1d(_Convolution):
    """Convolution over one dimension: (N, C, L)."""

    _count = 1
    _function = staticmethod(convolution.conv1d)


class Conv2d(_Convolution):
    """Convolution over two dimensions: (N, C, H, W)."""

    _count = 2
    _function = staticmethod(convolution.conv2d)


class Conv3d(_Convolution):
    """Convolution over three dimensions: (N, C, D, H, W)."""

    _count = 3
    _function = staticmethod(convolution.conv3d)
