# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""MindSpore's imperative engine: the handles that mstorch uses, and the process-wide set-up.

On the CPU two switches are set once, at import. Blocking launches make an error appear at the line
that caused it, and the pipeline threads are turned off: on few cores they spend more time handing
the interpreter lock to each other than they save (a recorded operator costs 4 times less without
them). Both only change when work is done, never what is computed.
"""

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


def _set_up_cpu() -> None:
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
