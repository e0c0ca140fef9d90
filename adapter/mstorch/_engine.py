# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""MindSpore's imperative engine: the handles that mstorch uses, and the process-wide set-up.

On the CPU three switches are set once, at import. Blocking launches make an error appear at the
line that caused it, and the pipeline threads are turned off: on few cores they spend more time
handing the interpreter lock to each other than they save (a recorded operator costs 4 times less
without them). And what is freed stays with the process: the C library would give large blocks back
to the system and fetch them again for the next operator, zeroed page by page. None changes what is
computed.
"""

import ctypes

import mindspore
from mindspore import _c_expression as _c

DEVICE = mindspore.get_context("device_target")

executor = _c.PyNativeExecutor_.get_instance()
is_recording = executor.enable_grad
set_recording = executor.set_enable_grad
set_grad_flag = executor.set_grad_flag
queue_final_callback = executor.queue_backward_final_callback
run_backward = _c.run_backward
swap_implementation = _c._swap_tensor_impl
bfloat16_numpy = _c.np_dtypes.bfloat16


# The numbers that glibc's <malloc.h> gives these settings.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_KEPT = 2**30
"""Blocks below this many bytes come from memory that is kept, and so many of it may be free."""


def _keep_freed_memory() -> None:
    """Have the C library keep what is freed. Another C library than glibc has no such settings."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _KEPT)
        mallopt(_M_TRIM_THRESHOLD, _KEPT)


def _set_up_cpu() -> None:
    _keep_freed_memory()
    if not _c.RuntimeConf.get_instance().is_launch_blocking():
        mindspore.runtime.launch_blocking()
    _c.disable_multi_thread()


if DEVICE != "CPU":
    raise NotImplementedError(
        f"mstorch computes on the CPU only so far, and MindSpore's device is {DEVICE}: its kernels "
        "write into the tensors' memory, which lies elsewhere there. Call "
        'mindspore.set_device("CPU") before importing mstorch.'
    )
_set_up_cpu()
