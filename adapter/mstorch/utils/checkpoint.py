# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.utils.checkpoint: computing activations again in the backward pass and not keeping them."""

import contextlib
import warnings

from mstorch import _engine, _recompute, autograd, random
from mstorch._errors import missing, module_getattr
from mstorch._tensor import Tensor
from mstorch.amp import autocast_mode
from mstorch.autograd.function import Function
from mstorch.autograd.grad_mode import enable_grad, no_grad
from mstorch.nn.modules.container import Sequential

CheckpointError = _recompute.CheckpointError


def detach_variable(inputs):
    """Tensors of a tuple detached, requiring grad as before."""
    if not isinstance(inputs, tuple):
        raise RuntimeError(
            "Only tuple of tensors is supported. Got Unsupported input type: "
            f"{type(inputs).__name__}"
        )
    detached = []
    for value in inputs:
        if isinstance(value, Tensor):
            twin = value.detach()
            twin._requires_grad = value._requires_grad
            value = twin
        detached.append(value)
    return tuple(detached)


class CheckpointFunction(Function):
    """Forward without recording; backward runs forward again, with the random state it had, and
    differentiates that.
    """

    @staticmethod
    def forward(ctx, run_function, preserve_rng_state, *args):
        ctx.run_function = run_function
        ctx.conditions = _Conditions(preserve_rng_state)
        ctx.places = [i for i, arg in enumerate(args) if isinstance(arg, Tensor)]
        ctx.others = [None if isinstance(arg, Tensor) else arg for arg in args]
        ctx.save_for_backward(*(args[i] for i in ctx.places))
        with no_grad():
            return run_function(*args)

    @staticmethod
    def backward(ctx, *gradients):
        if not autograd._is_checkpoint_valid():
            raise RuntimeError(
                "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or "
                "passing an `inputs` parameter to .backward(). To resolve this error, you can "
                "either set use_reentrant=False, or call .backward() without passing the `inputs` "
                "argument."
            )
        args = list(ctx.others)
        for place, tensor in zip(ctx.places, ctx.saved_tensors, strict=False):
            args[place] = tensor
        args = detach_variable(tuple(args))
        with ctx.conditions.again():
            outputs = ctx.run_function(*args)
        outputs = (outputs,) if isinstance(outputs, Tensor) else tuple(outputs)
        pairs = [
            (o, g)
            for o, g in zip(outputs, gradients, strict=False)
            if isinstance(o, Tensor) and o._requires_grad and g is not None
        ]
        if not pairs:
            raise RuntimeError(
                "none of output has requires_grad=True, this checkpoint() is not necessary"
            )
        autograd.backward([o for o, _ in pairs], [g for _, g in pairs])
        return (None, None, *(a.grad if isinstance(a, Tensor) else None for a in args))


class _Conditions:
    """What a function's results depend on besides its arguments: random state and autocast."""

    def __init__(self, preserve_rng_state):
        self._rng_state = random.get_rng_state() if preserve_rng_state else None
        self._autocast = {
            "device_type": "cpu",
            "enabled": autocast_mode.is_autocast_enabled("cpu"),
            "dtype": autocast_mode.get_autocast_dtype("cpu"),
            "cache_enabled": autocast_mode.is_autocast_cache_enabled(),
        }

    @contextlib.contextmanager
    def again(self):
        """The conditions of then; the random state of now comes back at the end."""
        with (
            random.fork_rng(enabled=self._rng_state is not None),
            autocast_mode.autocast(**self._autocast),
            enable_grad(),
        ):
            if self._rng_state is not None:
                random.set_rng_state(self._rng_state)
            yield


def noop_context_fn():
    """Two contexts that do nothing, for the first and the second run."""
    return contextlib.nullcontext(), contextlib.nullcontext()


def _without_reentry(function, preserve_rng_state, context_fn, args, kwargs):
    first, second = context_fn()
    if not _engine.is_recording():
        with first:
            return function(*args, **kwargs)
    conditions = _Conditions(preserve_rng_state)

    def rerun():
        with conditions.again(), second:
            function(*args, **kwargs)

    with _recompute.Frame(rerun), first:
        return function(*args, **kwargs)


def checkpoint(
    function,
    *args,
    use_reentrant=None,
    context_fn=noop_context_fn,
    determinism_check="default",
    debug=False,
    early_stop=True,
    preserve_rng_state=True,
    **kwargs,
):
    """Call a function so that its intermediate results are computed again in the backward pass.

    With `use_reentrant=False` the recorded steps are the function's own, and give up what they
    keep until it is needed; the second run always goes to the end. Otherwise the function is one
    step, whose derivative runs it again and differentiates that.
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. "
            "use_reentrant=False is recommended; without it, True is taken.",
            stacklevel=2,
        )
        use_reentrant = True
    if not use_reentrant:
        return _without_reentry(function, preserve_rng_state, context_fn, args, kwargs)
    if context_fn is not noop_context_fn or debug:
        raise ValueError(
            "Passing `context_fn` or `debug` is only supported when use_reentrant=False."
        )
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    return CheckpointFunction.apply(function, preserve_rng_state, *args)


def checkpoint_sequential(functions, segments, input, use_reentrant=None, **kwargs):
    """Modules one after the other, in segments that are checkpoints; the last one is none."""
    functions = list(functions.children() if isinstance(functions, Sequential) else functions)
    length = len(functions) // segments
    for start in range(0, length * (segments - 1), length):
        part = Sequential(*functions[start : start + length])
        input = checkpoint(part, input, use_reentrant=use_reentrant, **kwargs)
    return Sequential(*functions[length * (segments - 1) :])(input)


@contextlib.contextmanager
def set_checkpoint_debug_enabled(enabled):
    """Nothing: there is no trace of operators to print."""
    if enabled:
        raise missing("torch.utils.checkpoint.set_checkpoint_debug_enabled", "a trace of operators")
    yield


__getattr__ = module_getattr("torch.utils.checkpoint")
