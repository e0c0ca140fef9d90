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
        self.weight = Parameter(creation.empty(self._weight_shape(), device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(creation.empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _weight_shape(self):
        return (self.out_channels, self.in_channels // self.groups, *self.kernel_size)

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

    def _extra_size(self):
        return ""

    def extra_repr(self):
        text = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}"
        )
        if self.padding != (0,) * self._count:
            text += f", padding={self.padding}"
        if self.dilation != (1,) * self._count:
            text += f", dilation={self.dilation}"
        text += self._extra_size()
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


class _Transposed(_Convolution):
    """What the transposed layers share; `weight` is (in_channels, out_channels / groups,
    *kernel).
    """

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        output_padding=0,
        groups=1,
        bias=True,
        dilation=1,
        padding_mode="zeros",
        device=None,
        dtype=None,
    ):
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )
        self.output_padding = _each(output_padding, self._count)

    def _weight_shape(self):
        return (self.in_channels, self.out_channels // self.groups, *self.kernel_size)

    def forward(self, input, output_size=None):
        extra = self.output_padding if output_size is None else self._extra(input, output_size)
        return self._function(
            input,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            extra,
            self.groups,
            self.dilation,
        )

    def _extra(self, input, output_size):
        """What is missing behind the smallest result for a wanted size."""
        wanted, sizes = output_size[-self._count :], input.shape[-self._count :]
        least = [
            (n - 1) * s - 2 * p + d * (k - 1) + 1
            for n, s, p, d, k in zip(
                sizes, self.stride, self.padding, self.dilation, self.kernel_size, strict=True
            )
        ]
        most = [low + s - 1 for low, s in zip(least, self.stride, strict=True)]
        extra = [w - low for w, low in zip(wanted, least, strict=True)]
        if any(not 0 <= e < s for e, s in zip(extra, self.stride, strict=True)):
            raise ValueError(
                f"requested an output size of {output_size}, but valid sizes range from {least} to "
                f"{most} (for an input of {list(sizes)})"
            )
        return tuple(extra)

    def _extra_size(self):
        zero = (0,) * self._count
        return "" if self.output_padding == zero else f", output_padding={self.output_padding}"


class ConvTranspose1d(_Transposed):
    """The gradient of Conv1d as a layer."""

    _count = 1
    _function = staticmethod(convolution.conv_transpose1d)


class ConvTranspose2d(_Transposed):
    """The gradient of Conv2d as a layer."""

    _count = 2
    _function = staticmethod(convolution.conv_transpose2d)


class ConvTranspose3d(_Transposed):
    """The gradient of Conv3d as a layer."""

    _count = 3
    _function = staticmethod(convolution.conv_transpose3d)
