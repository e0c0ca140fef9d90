# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.nn.parallel.distributed."""

import contextlib
import itertools

from mstorch import distributed as dist
from mstorch._errors import missing, module_getattr
from mstorch.autograd.grad_mode import is_grad_enabled
from mstorch.nn.modules.module import Module
from mstorch.nn.parallel._reducer import Reducer

_NAME = "torch.nn.parallel.DistributedDataParallel"


class DistributedDataParallel(Module):
    """A module whose gradients are averages over a process group after each backward pass.

    Parameters and buffers begin as those of the group's first member; its buffers are everybody's
    again before each forward pass that may be followed by a backward pass. Each gradient travels
    by itself, so the arguments about buckets change nothing. Those about devices, mixed precision
    and static graphs are errors.
    """

    def __init__(
        self,
        module,
        device_ids=None,
        output_device=None,
        dim=0,
        broadcast_buffers=None,
        init_sync=True,
        process_group=None,
        bucket_cap_mb=None,
        find_unused_parameters=False,
        check_reduction=False,
        gradient_as_bucket_view=False,
        static_graph=False,
        delay_all_reduce_named_params=None,
        param_to_hook_all_reduce=None,
        mixed_precision=None,
        device_mesh=None,
        skip_all_reduce_unused_params=False,
        bucket_cap_mb_list=None,
        batched_grad_copy=False,
        forward_sync_buffers=None,
    ):
        super().__init__()
        absent = {
            "static_graph": static_graph,
            "delay_all_reduce_named_params": delay_all_reduce_named_params,
            "param_to_hook_all_reduce": param_to_hook_all_reduce,
            "mixed_precision": mixed_precision,
            "device_mesh": device_mesh,
            "skip_all_reduce_unused_params": skip_all_reduce_unused_params,
        }
        for name, value in absent.items():
            if value:
                raise missing(_NAME, f"the argument {name}={value!r}")
        if device_ids or output_device:
            raise ValueError(
                "DistributedDataParallel device_ids and output_device arguments only work with GPU "
                f"modules, but got device_ids {device_ids}, output_device {output_device}"
            )
        self.process_group = process_group or dist.distributed_c10d._get_default_group()
        self.module = module
        self.find_unused_parameters = find_unused_parameters
        self.require_backward_grad_sync = True
        self.require_forward_param_sync = True
        at_start = broadcast_buffers is not False
        self.forward_sync_buffers = at_start
        if forward_sync_buffers is not None:
            self.forward_sync_buffers, at_start = forward_sync_buffers, True
        ignored = set(getattr(module, "_ddp_params_and_buffers_to_ignore", ()))
        parameters = [(n, p) for n, p in module.named_parameters() if n not in ignored]
        self._buffers_to_share = [b for n, b in module.named_buffers() if n not in ignored]
        trained = [(name, parameter) for name, parameter in parameters if parameter.requires_grad]
        if not trained:
            raise RuntimeError(
                "DistributedDataParallel is not needed when a module doesn't have any parameter "
                "that requires a gradient."
            )
        if init_sync:
            self._check_alike(parameters)
            self._share(parameter for _, parameter in parameters)
            if at_start:
                self._share(self._buffers_to_share)
        self._reducer = Reducer(trained, self.process_group, find_unused_parameters)

    def _check_alike(self, parameters):
        """RuntimeError where the members' parameters are not the same."""
        mine = [(name, str(p.dtype), tuple(p.shape), p.requires_grad) for name, p in parameters]
        everybodys = [None] * self.process_group.size()
        dist.all_gather_object(everybodys, mine, group=self.process_group)
        for rank, theirs in zip(self.process_group.ranks, everybodys, strict=True):
            if theirs != mine:
                pairs = itertools.zip_longest(theirs, mine)
                there, here = next(pair for pair in pairs if pair[0] != pair[1])
                raise RuntimeError(
                    "DDP expects the same model across all ranks, but rank "
                    f"{rank} has the parameter {there} where this one has {here}"
                )

    def _share(self, tensors):
        """Make tensors the first member's."""
        works = [
            dist.broadcast(t.detach(), group=self.process_group, group_src=0, async_op=True)
            for t in tensors
        ]
        for work in works:
            work.wait()

    def forward(self, *inputs, **kwargs):
        """The module's forward pass, between what goes with it."""
        if self.require_forward_param_sync and self.forward_sync_buffers:
            self._share(self._buffers_to_share)
        outputs = self.module(*inputs, **kwargs)
        self.require_forward_param_sync = is_grad_enabled() and self.require_backward_grad_sync
        if self.require_forward_param_sync:
            self._reducer.expect(outputs)
        return outputs

    @contextlib.contextmanager
    def no_sync(self):
        """Forward passes in here leave their gradients on this process; they are added to those
        of the next pass outside before that is averaged.
        """
        before, self.require_backward_grad_sync = self.require_backward_grad_sync, False
        try:
            yield
        finally:
            self.require_backward_grad_sync = before

    def register_comm_hook(self, state, hook):
        """Not there: gradients are averaged in one way."""
        raise missing(f"{_NAME}.register_comm_hook", "gradients are averaged in one way")

    def join(self, *args, **kwargs):
        """Not there: give every process as many batches."""
        raise missing(f"{_NAME}.join", "give every process as many batches")

    def __getstate__(self):
        raise missing(f"{_NAME}.__getstate__", "copy or save the module inside, `.module`")


__getattr__ = module_getattr("torch.nn.parallel.distributed")
