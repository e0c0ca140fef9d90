# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Adafactor (N. Shazeer and M. Stern, 2018), in the form that torch.optim has of it."""

from mstorch._limits import finfo
from mstorch._ops.creation import zeros_like
from mstorch.optim._elementwise import Elementwise


class Adafactor(Elementwise):
    """Squares of gradients of a matrix are known by means of its rows and columns alone."""

    def __init__(
        self,
        params,
        lr=1e-2,
        beta2_decay=-0.8,
        eps=(None, 1e-3),
        d=1.0,
        weight_decay=0.0,
        *,
        foreach=None,
        maximize=False,
    ):
        if lr < 0.0:
            raise ValueError(f"Learning rate should be >= 0 but is: {lr}")
        if beta2_decay > 0.0:
            raise ValueError(f"beta2_decay should be <= 0 but is: {beta2_decay}")
        for number, epsilon in enumerate(eps, 1):
            if epsilon is not None and epsilon < 0.0:
                raise ValueError(f"epsilon{number} should be >= 0 but is: {epsilon}")
        if d < 1.0:
            raise ValueError(f"Clipping threshold d should be >= 1 but is: {d}")
        super().__init__(
            params,
            lr=lr,
            beta2_decay=beta2_decay,
            eps=eps,
            d=d,
            weight_decay=weight_decay,
            foreach=foreach,
            maximize=maximize,
        )

    def _new_state(self, param, group):
        if param.dim() < 2:
            return {"variance": zeros_like(param.detach())}
        *outer, rows, columns = param.shape
        return {
            "row_var": param.new_zeros((*outer, rows, 1)),
            "col_var": param.new_zeros((*outer, 1, columns)),
        }

    def _decayed(self, param, grad, group):
        """The gradient itself: the parameter shrinks once its size has been taken."""
        return grad

    def _update(self, param, grad, state, group):
        least, least_scale = group["eps"]
        least = finfo(param.dtype).eps if least is None else least
        step = state["step"].item()
        scale = max(least_scale, param.norm(2).item() / param.numel() ** 0.5)
        rate = scale * min(group["lr"], 1 / step**0.5)
        if group["weight_decay"] != 0:
            param.mul_(1 - group["lr"] * group["weight_decay"])
        square = _squares(grad, state, step ** group["beta2_decay"], least)
        update = square.clamp_(min=least * least).rsqrt_().mul_(grad)
        excess = update.norm(2).item() / (update.numel() ** 0.5 * group["d"])
        param.add_(update, alpha=-rate / max(1.0, excess))


def _squares(grad, state, weight, least):
    """The running mean of squared gradients, or what its rows and columns tell of it."""
    square = grad.square()
    if grad.dim() < 2:
        return state["variance"].lerp_(square, weight).clone()
    rows, columns = state["row_var"], state["col_var"]
    rows.lerp_(square.mean(-1, keepdim=True), weight)
    columns.lerp_(square.mean(-2, keepdim=True), weight)
    return (rows @ columns).div_(rows.mean(-2, keepdim=True).clamp_(min=least))
