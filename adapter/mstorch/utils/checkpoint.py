# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.utils.checkpoint: computing activations again in the backward pass and not keeping them."""

from mstorch import autograd, random
from mstorch._errors import missing, module_getattr
from mstorch._tensor import Tensor
from mstorch.autograd.function import Function
from mstorch.autograd.grad_mode import enable_grad, no_grad


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
        ctx.rng_state = random.get_rng_state() if preserve_rng_state else None
        ctx.places = [i for i, arg in enumerate(args) if isinstance(arg, Tensor)]
        ctx.others = [None if isinstance(arg, Tensor) else arg for arg in args]
        ctx.save_for_backward(*(args[i] for i in ctx.places))
        with no_grad():
            return run_function(*args)

    @staticmethod
    def backward(ctx, *gradients):
        args = list(ctx.others)
        for place, tensor in zip(ctx.places, ctx.saved_tensors, strict=False):
            args[place] = tensor
        args = detach_variable(tuple(args))
        with random.fork_rng(enabled=ctx.rng_state is not None), enable_grad():
            if ctx.rng_state is not None:
                random.set_rng_state(ctx.rng_state)
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


def checkpoint(function, *args, use_reentrant=None, preserve_rng_state=True, **kwargs):
    """Call a function so that its intermediate results are computed again in the backward pass.

    Only the re-entrant form is implemented; with `use_reentrant=False` (or keyword arguments for
    the function) it is an error and not a different algorithm.
    """
    if use_reentrant is None:
        raise ValueError(
            "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly"
        )
    if not use_reentrant:
        raise missing("torch.utils.checkpoint.checkpoint(use_reentrant=False)")
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    return CheckpointFunction.apply(function, preserve_rng_state, *args)


__getattr__ = module_getattr("torch.utils.checkpoint")
