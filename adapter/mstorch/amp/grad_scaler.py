# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.amp.GradScaler: losses scaled so that small gradients survive a half type."""

import enum
import warnings

from mstorch import _dtypes
from mstorch._errors import missing, module_getattr
from mstorch._ops.comparison import isfinite
from mstorch._ops.creation import full
from mstorch._tensor import Tensor
from mstorch.autograd.grad_mode import no_grad


def amp_foreach_non_finite_check_and_unscale_(tensors, found_inf, inv_scale):
    """Multiply gradients by `inv_scale` in place; `found_inf` becomes 1 where one of them was
    infinite or not a number.
    """
    for name, tensor in (("found_inf", found_inf), ("inv_scale", inv_scale)):
        if tensor._a.size != 1 or tensor.dtype is not _dtypes.float32:
            raise RuntimeError(f"{name} must be a float32 tensor of one element.")
    factor = inv_scale.item()
    with no_grad():
        for tensor in tensors:
            if not isfinite(tensor)._a.all():
                found_inf.fill_(1.0)
            if factor != 1.0:
                tensor.mul_(factor)


class _Stage(enum.Enum):
    READY, UNSCALED, STEPPED = range(3)


class GradScaler:
    """Scales losses, unscales gradients, skips steps whose gradients are not finite, and adapts the
    scale. For "cuda" it warns and is disabled, as in a torch without CUDA.
    """

    def __init__(
        self,
        device="cuda",
        init_scale=2.0**16,
        growth_factor=2.0,
        backoff_factor=0.5,
        growth_interval=2000,
        enabled=True,
    ):
        if enabled and device == "cuda":
            warnings.warn(
                "torch.cuda.amp.GradScaler is enabled, but CUDA is not available.  Disabling.",
                stacklevel=2,
            )
            enabled = False
        self._device = device
        self._enabled = enabled
        if not enabled:
            return
        if growth_factor <= 1.0:
            raise AssertionError("The growth factor must be > 1.0.")
        if backoff_factor >= 1.0:
            raise AssertionError("The backoff factor must be < 1.0.")
        self._init_scale, self._scale = init_scale, None
        self._growth_factor, self._backoff_factor = growth_factor, backoff_factor
        self._growth_interval, self._growth_tracker = growth_interval, 0
        self._per_optimizer_states = {}

    def _state(self, optimizer):
        return self._per_optimizer_states.setdefault(
            id(optimizer), {"stage": _Stage.READY, "found_inf_per_device": {}}
        )

    def _current_scale(self):
        if self._scale is None:
            self._scale = full((), self._init_scale, dtype=_dtypes.float32)
        return self._scale

    def scale(self, outputs):
        """A tensor, or nested sequences of tensors, times the scale."""
        if not self._enabled:
            return outputs
        if isinstance(outputs, Tensor):
            return outputs * self._current_scale()
        if isinstance(outputs, (list, tuple)):
            return type(outputs)(self.scale(output) for output in outputs)
        raise ValueError("outputs must be a Tensor or an iterable of Tensors")

    def unscale_(self, optimizer):
        """Divide the gradients of an optimizer's parameters by the scale, once between updates."""
        if not self._enabled:
            return
        state = self._state(optimizer)
        if state["stage"] is _Stage.UNSCALED:
            raise RuntimeError(
                "unscale_() has already been called on this optimizer since the last update()."
            )
        if state["stage"] is _Stage.STEPPED:
            raise RuntimeError("unscale_() is being called after step().")
        if self._scale is None:
            raise AssertionError("Attempted unscale_ but _scale is None: call scale() first.")
        inverse = full((), 1.0 / self._scale.item(), dtype=_dtypes.float32)
        found = full((), 0.0, dtype=_dtypes.float32)
        gradients = [
            parameter.grad
            for group in optimizer.param_groups
            for parameter in group["params"]
            if parameter.grad is not None
        ]
        if any(gradient.dtype is _dtypes.float16 for gradient in gradients):
            raise ValueError("Attempting to unscale FP16 gradients.")
        if gradients:
            amp_foreach_non_finite_check_and_unscale_(gradients, found, inverse)
            state["found_inf_per_device"] = {gradients[0].device: found}
        state["stage"] = _Stage.UNSCALED

    def step(self, optimizer, *args, **kwargs):
        """Unscale where that was not done, and step unless a gradient is not finite."""
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise RuntimeError("Closure use is not currently supported if GradScaler is enabled.")
        state = self._state(optimizer)
        if state["stage"] is _Stage.STEPPED:
            raise RuntimeError("step() has already been called since the last update().")
        if getattr(optimizer, "_step_supports_amp_scaling", False):
            raise missing("torch.amp.GradScaler.step", "an optimizer that unscales by itself")
        if state["stage"] is _Stage.READY:
            self.unscale_(optimizer)
        found = state["found_inf_per_device"]
        if not found:
            raise AssertionError("No inf checks were recorded for this optimizer.")
        result = None
        if not sum(value.item() for value in found.values()):
            result = optimizer.step(*args, **kwargs)
        state["stage"] = _Stage.STEPPED
        return result

    def update(self, new_scale=None):
        """Lower the scale after a step with infinite gradients, raise it after enough without."""
        if not self._enabled:
            return
        if self._scale is None:
            raise AssertionError("Attempted update but _scale is None: call scale() first.")
        if new_scale is not None:
            self._scale.fill_(new_scale)
        else:
            self._adapt()
        self._per_optimizer_states = {}

    def _adapt(self):
        found = [
            value.item()
            for state in self._per_optimizer_states.values()
            for value in state["found_inf_per_device"].values()
        ]
        if not found:
            raise AssertionError("No inf checks were recorded prior to update.")
        if sum(found):
            self._scale.mul_(self._backoff_factor)
            self._growth_tracker = 0
            return
        self._growth_tracker += 1
        if self._growth_tracker == self._growth_interval:
            grown = self._scale * self._growth_factor
            if isfinite(grown):
                self._scale.copy_(grown)
            self._growth_tracker = 0

    def get_scale(self):
        """The scale as a Python number; 1 where disabled."""
        if not self._enabled:
            return 1.0
        return self._init_scale if self._scale is None else self._scale.item()

    def get_growth_factor(self):
        """What the scale is raised by."""
        return self._growth_factor

    def set_growth_factor(self, new_factor):
        """Choose what the scale is raised by."""
        self._growth_factor = new_factor

    def get_backoff_factor(self):
        """What the scale is lowered by."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor):
        """Choose what the scale is lowered by."""
        self._backoff_factor = new_factor

    def get_growth_interval(self):
        """How many steps without infinite gradients raise the scale."""
        return self._growth_interval

    def set_growth_interval(self, new_interval):
        """Choose how many steps without infinite gradients raise the scale."""
        self._growth_interval = new_interval

    def _get_growth_tracker(self):
        return self._growth_tracker if self._enabled else 0

    def is_enabled(self):
        """Whether the scaler does anything."""
        return self._enabled

    def state_dict(self):
        """What load_state_dict continues from; empty where disabled."""
        if not self._enabled:
            return {}
        return {
            "scale": self.get_scale(),
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._growth_tracker,
        }

    def load_state_dict(self, state_dict):
        """Continue from a state_dict."""
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError(
                "The source state dict is empty, possibly because it was saved from a disabled "
                "instance of GradScaler."
            )
        self._init_scale = state_dict["scale"]
        if self._scale is not None:
            self._scale.fill_(state_dict["scale"])
        self._growth_factor = state_dict["growth_factor"]
        self._backoff_factor = state_dict["backoff_factor"]
        self._growth_interval = state_dict["growth_interval"]
        self._growth_tracker = state_dict["_growth_tracker"]


__getattr__ = module_getattr("torch.amp.grad_scaler")
