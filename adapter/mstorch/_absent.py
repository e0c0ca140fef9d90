# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Why some of torch's names are absent, and what to do instead. A name stands for all below it."""

REASONS = {
    "torch.Tensor._make_subclass": "an internal of PyTorch's core; assign tensor.__class__",
    "torch.Tensor.index": "tensors are indexed with []",
    "torch.Tensor.share_memory_": "tensors live in the memory of one process",
    "torch.Tensor.storage_type": "a storage has no type; tensors have",
    "torch._C": "an internal of PyTorch's core",
    "torch._softmax_backward_data": "an internal of PyTorch's core; call backward",
    "torch.accelerator": "there is no accelerator in this process; torch.cuda has what stands in",
    "torch.ao": "tensors are not quantised",
    "torch.autograd.forward_ad": "derivatives are recorded backwards only",
    "torch.autograd.functional": "use torch.autograd.grad, with create_graph=True for more",
    "torch.autograd.gradcheck": "PyTorch checks derivatives; here they are compared with PyTorch's",
    "torch.autograd.graph.GradientEdge": "gradients are asked for of tensors",
    "torch.autograd.profiler": "use mindspore.profiler",
    "torch.cpu.amp": "use torch.amp.autocast('cpu')",
    "torch.cuda.memory": "there is no allocator of CUDA's",
    "torch.distributed._make_nccl_premul_sum": "it is NCCL's; multiply before the reduction",
    "torch.distributed.checkpoint.async_save": "save before training goes on",
    "torch.distributed.checkpoint.state_dict_saver.async_save": "save before training goes on",
    "torch.distributed.fsdp": "use megatron's distributed optimizer or DistributedDataParallel",
    "torch.distributed.pipelining": "programs are not traced; pipeline as megatron does",
    "torch.distributed.rpc": "processes only meet in collectives and transfers",
    "torch.distributions": "this distribution is not there; Normal, Categorical and others are",
    "torch.export": "programs are not traced",
    "torch.fft": "there are no Fourier transforms",
    "torch.func": "use torch.autograd.grad, or torch.vmap",
    "torch.hub": "download what it would, and import it",
    "torch.jit": "programs are not compiled",
    "torch.mps": "there is no such device",
    "torch.nested": "tensors are dense; pad sequences",
    "torch.nn.DataParallel": "a process has one device; use DistributedDataParallel",
    "torch.nn.Module.register_backward_hook": (
        "it shows the gradients of the last operator alone; use register_full_backward_hook"
    ),
    "torch.nn.Module.share_memory": "tensors live in the memory of one process",
    "torch.nn.attention.flex_attention": "it compiles the function of scores; use the mask",
    "torch.nn.utils.parametrizations": "compute the parameter in forward",
    "torch.nn.utils.parametrize": "compute the parameter in forward",
    "torch.nn.utils.prune": "multiply the parameter by a mask in forward",
    "torch.onnx": "programs are not traced",
    "torch.optim.LBFGS": "it searches along lines; use another optimizer",
    "torch.optim.SparseAdam": "gradients are dense; use Adam",
    "torch.profiler": "use mindspore.profiler",
    "torch.quantization": "tensors are not quantised",
    "torch.sparse": "tensors are dense",
    "torch.utils._pytree": "an internal of PyTorch's trees",
    "torch.utils.cpp_extension": (
        "its sources need PyTorch's headers; write an operator of MindSpore (docs/operators.md)"
    ),
    "torch.utils.checkpoint.create_selective_checkpoint_contexts": (
        "a checkpoint keeps nothing of its function; put checkpoints around parts of it"
    ),
    "torch.utils.tensorboard": "use the package tensorboardX",
    "torch.xpu": "there is no such device",
}


def reason_for(name: str) -> str:
    """Why a name is absent, or one that it is a part of; "" where nothing is known."""
    while name:
        if name in REASONS:
            return REASONS[name]
        name = name.rpartition(".")[0]
    return ""
