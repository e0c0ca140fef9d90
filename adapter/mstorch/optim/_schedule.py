# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The base of learning rate schedules."""

import types
import warnings

from mstorch._tensor import Tensor
from mstorch.optim.optimizer import Optimizer


def current(optimizer, key="lr"):
    """An option of every group; a tensor is copied, since stepping writes into it."""
    values = [group[key] for group in optimizer.param_groups]
    return [value.clone() if isinstance(value, Tensor) else value for value in values]


def put(group, key, value):
    """Set an option of a group; one that is a tensor stays that tensor."""
    if isinstance(group[key], Tensor):
        group[key].fill_(value)
    else:
        group[key] = value


def one_each(name, value, optimizer):
    """A list with a value for each group, of one value or of a list with as many."""
    count = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [value] * count
    if len(value) != count:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. {name} has {len(value)} "
            f"values, param_groups has {count}."
        )
    return list(value)


def check_optimizer(optimizer):
    """TypeError for what is none."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")


class LRScheduler:
    """The base of schedules: subclasses define `get_lr`, a list with a rate for each group.

    What subclasses compute goes on from the groups' rates of now, so that schedules can be
    chained; `_get_closed_form_lr`, where there is one, serves `step(epoch)`.
    """

    _is_initial = False

    def __init__(self, optimizer, last_epoch=-1):
        check_optimizer(optimizer)
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                rate = group["lr"]
                group.setdefault("initial_lr", rate.clone() if isinstance(rate, Tensor) else rate)
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{i}] when resuming "
                    "scheduler with last_epoch >= 0"
                )
        self.base_lrs = current(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        self._initial_step()

    def _initial_step(self):
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def state_dict(self):
        """Everything but the optimizer."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict):
        """Take over what state_dict returned."""
        self.__dict__.update(state_dict)

    def get_last_lr(self):
        """The rates that the last step set."""
        return self._last_lr

    def get_lr(self):
        """The rates for `self.last_epoch`."""
        raise NotImplementedError

    def step(self, epoch=None):
        """Go on by one, or to an epoch, and set the rates."""
        self._step_count += 1
        if epoch is not None:
            warnings.warn(
                "The epoch parameter in `scheduler.step()` was not necessary and is being "
                "deprecated where possible. Please use `scheduler.step()` to step the scheduler.",
                UserWarning,
                stacklevel=2,
            )
        self._update_lr(epoch)

    def _update_lr(self, epoch=None):
        if epoch is None:
            self.last_epoch += 1
            rates = self.get_lr()
        else:
            self.last_epoch = epoch
            rates = getattr(self, "_get_closed_form_lr", self.get_lr)()
        self._set(rates)

    def _set(self, rates):
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            put(group, "lr", rate)
        self._last_lr = current(self.optimizer)

    def _times(self, factor):
        """The rates of now times a factor."""
        return [rate * factor for rate in current(self.optimizer)]


class _OfFunctions(LRScheduler):
    """A schedule by functions of the step number, one for all groups or one each."""

    def __init__(self, optimizer, lr_lambda, last_epoch=-1):
        count = len(optimizer.param_groups)
        self.lr_lambdas = (
            list(lr_lambda) if isinstance(lr_lambda, (list, tuple)) else [lr_lambda] * count
        )
        if len(self.lr_lambdas) != count:
            raise ValueError(f"Expected {count} lr_lambdas, but got {len(self.lr_lambdas)}")
        super().__init__(optimizer, last_epoch)

    def state_dict(self):
        """Everything but the optimizer and functions; callable objects are saved by their
        attributes.
        """
        state = {k: v for k, v in self.__dict__.items() if k not in ("optimizer", "lr_lambdas")}
        state["lr_lambdas"] = [attributes_of_callable(f) for f in self.lr_lambdas]
        return state

    def load_state_dict(self, state_dict):
        """Take over what state_dict returned."""
        state = dict(state_dict)
        saved = state.pop("lr_lambdas")
        self.__dict__.update(state)
        for function, attributes in zip(self.lr_lambdas, saved, strict=False):
            if attributes is not None:
                function.__dict__.update(attributes)


def attributes_of_callable(function):
    """What a state dict keeps of a callable object; None for a function."""
    return None if isinstance(function, types.FunctionType) else dict(function.__dict__)


class LambdaLR(_OfFunctions):
    """The initial rate times a function of the step number."""

    def get_lr(self):
        return [
            base * function(self.last_epoch)
            for base, function in zip(self.base_lrs, self.lr_lambdas, strict=True)
        ]


class MultiplicativeLR(_OfFunctions):
    """The rate before times a function of the step number."""

    def __init__(self, optimizer, lr_lambda, last_epoch=-1):
        for function in lr_lambda if isinstance(lr_lambda, (list, tuple)) else [lr_lambda]:
            if not callable(function):
                raise TypeError(
                    f"lr_lambda should be a function, but got {type(function).__name__}"
                )
        super().__init__(optimizer, lr_lambda, last_epoch)

    def get_lr(self):
        rates = current(self.optimizer)
        if self._is_initial:
            return rates
        return [
            rate * function(self.last_epoch)
            for rate, function in zip(rates, self.lr_lambdas, strict=True)
        ]
