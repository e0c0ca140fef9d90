# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What optimizers that treat every parameter by itself have in common."""

from mstorch import _dtypes
from mstorch._errors import missing
from mstorch._ops.creation import tensor
from mstorch.optim.optimizer import Optimizer


def check_not_negative(**values):
    """ValueError for a negative one, named as torch names it."""
    for name, value in values.items():
        if value < 0.0:
            raise ValueError(f"Invalid {name.replace('_', ' ')}: {value}")


def check_betas(betas):
    """ValueError for a rate of decay that is not in [0, 1)."""
    for i, beta in enumerate(betas):
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"Invalid beta parameter at index {i}: {beta}")


class Elementwise(Optimizer):
    """Subclasses define `_new_state(param, group)` and `_update(param, grad, state, group)`.

    Weight decay is added to the gradient, unless the group decouples it: then the parameter
    shrinks.
    """

    def __init__(self, params, *, foreach=None, maximize=False, **options):
        if options.get("capturable") or options.get("differentiable"):
            raise missing(f"torch.optim.{type(self).__name__}", "capturable and differentiable")
        check_not_negative(
            learning_rate=options["lr"], weight_decay_value=options.get("weight_decay", 0.0)
        )
        super().__init__(params, {**options, "foreach": foreach, "maximize": maximize})

    def step(self, closure=None):
        """One update of every parameter that has a gradient."""
        return self.update_each(closure, self._update_one)

    def _update_one(self, param, group):
        if param.is_complex():
            raise missing(f"torch.optim.{type(self).__name__}", "complex parameters")
        grad = -param.grad if group["maximize"] else param.grad
        state = self.state[param]
        if not state:
            state["step"] = tensor(0.0, dtype=_dtypes.float32)
            state.update(self._new_state(param, group))
        state["step"] += 1
        self._update(param, self._decayed(param, grad, group), state, group)

    def _decayed(self, param, grad, group):
        decay = group.get("weight_decay", 0)
        if decay == 0:
            return grad
        if not group.get("decoupled_weight_decay"):
            return grad.add(param, alpha=decay)
        param.mul_(1 - group["lr"] * decay)
        return grad
