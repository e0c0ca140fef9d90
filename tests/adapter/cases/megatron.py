# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Programs that train a GPT of megatron-core's on two processes. Their results are the losses of
every process and the norms of all gradients, step by step.
"""

import datetime

from cases.collection import Cases

TIMEOUT = datetime.timedelta(seconds=120)

CASES = Cases()
case = CASES.case
_STEPS = 4
_VOCABULARY, _LENGTH, _BATCH = 48, 12, 4


_PLAIN = {
    "num_layers": 2,
    "hidden_size": 16,
    "num_attention_heads": 4,
    "num_query_groups": 2,
    "attention_dropout": 0.0,
    "hidden_dropout": 0.0,
    "normalization": "RMSNorm",
    "gated_linear_unit": True,
    "add_bias_linear": False,
    "use_cpu_initialization": True,
    "bias_dropout_fusion": False,
    "bias_activation_fusion": False,
    "masked_softmax_fusion": False,
    "persist_layer_norm": False,
    "gradient_accumulation_fusion": False,
}
_EXPERTS = {
    "num_moe_experts": 4,
    "moe_router_topk": 2,
    "moe_router_score_function": "sigmoid",
    "moe_router_enable_expert_bias": True,
    "moe_router_load_balancing_type": "none",
    "moe_token_dispatcher_type": "alltoall",
}


def model(torch, tensor_parallel_size, config=None):
    """A GPT of two layers; the weights are a seed's, whatever way they are cut."""
    from megatron.core import tensor_parallel
    from megatron.core.models.gpt import GPTModel
    from megatron.core.models.gpt.gpt_layer_specs import get_gpt_layer_local_spec
    from megatron.core.transformer import TransformerConfig

    torch.manual_seed(1)
    tensor_parallel.model_parallel_cuda_manual_seed(1)
    values = {**_PLAIN, **(config or {})}
    config = TransformerConfig(
        activation_func=torch.nn.functional.silu,
        tensor_model_parallel_size=tensor_parallel_size,
        **values,
    )
    return config, GPTModel(
        config,
        get_gpt_layer_local_spec(
            normalization="RMSNorm", num_experts=values.get("num_moe_experts")
        ),
        vocab_size=_VOCABULARY,
        max_sequence_length=_LENGTH,
        position_embedding_type="rope",
        share_embeddings_and_output_weights=True,
    )


def _loss(torch, model, step):
    """The mean loss of this process's part of a batch, which its tensor parallel peers share."""
    from megatron.core import parallel_state

    count = _BATCH // parallel_state.get_data_parallel_world_size()
    first = count * parallel_state.get_data_parallel_rank()
    generator = torch.Generator().manual_seed(step)
    text = torch.randint(0, _VOCABULARY, (_BATCH, _LENGTH + 1), generator=generator)
    text = text[first : first + count]
    losses = model(
        input_ids=text[:, :-1].contiguous(),
        position_ids=torch.arange(_LENGTH).expand(count, -1),
        attention_mask=torch.triu(torch.ones(1, 1, _LENGTH, _LENGTH), diagonal=1).bool(),
        labels=text[:, 1:].contiguous(),
    )
    return losses.mean()


def _replica(torch, tensor_parallel_size, config, values):
    """A model in Megatron's DistributedDataParallel, and Megatron's optimizer for it."""
    from megatron.core.distributed import DistributedDataParallel, DistributedDataParallelConfig
    from megatron.core.optimizer import OptimizerConfig, get_megatron_optimizer

    config, module = model(torch, tensor_parallel_size, config)
    replica = DistributedDataParallel(config, DistributedDataParallelConfig(**values), module)
    cut = values.get("use_distributed_optimizer", False)
    recipe = OptimizerConfig(
        optimizer="adam", lr=0.02, clip_grad=0.5, use_distributed_optimizer=cut
    )
    return replica, get_megatron_optimizer(recipe, [replica])


def _step(torch, replica, optimizer, step):
    from megatron.core.distributed import finalize_model_grads

    replica.zero_grad_buffer()
    optimizer.zero_grad()
    loss = _loss(torch, replica, step)
    loss.backward()
    finalize_model_grads([replica])
    updated, norm, _ = optimizer.step()
    assert updated
    return loss.item(), float(norm)


def _trained(torch, tensor_parallel_size, config=None, fused=None, **values):
    """`config` and `values` are Megatron's and its replicas' on both sides; `fused` is for
    mstorch alone, where PyTorch on the CPU has no such kernels.
    """
    from megatron.core import parallel_state

    config = {**(config or {}), **((fused or {}) if torch.__name__ == "mstorch" else {})}
    parallel_state.initialize_model_parallel(tensor_model_parallel_size=tensor_parallel_size)
    try:
        replica, optimizer = _replica(torch, tensor_parallel_size, config, values)
        return [_step(torch, replica, optimizer, step) for step in range(_STEPS)]
    finally:
        parallel_state.destroy_model_parallel()


@case
def layers_cut_in_two(torch):
    return _trained(torch, 2)


@case
def two_replicas(torch):
    return _trained(torch, 1)


@case
def two_replicas_that_reduce_during_the_backward_pass(torch):
    return _trained(torch, 1, overlap_grad_reduce=True)


@case
def two_replicas_and_an_optimizer_cut_in_two(torch):
    return _trained(torch, 1, use_distributed_optimizer=True)


@case
def two_replicas_that_gather_parameters_during_the_forward_pass(torch):
    return _trained(
        torch,
        1,
        use_distributed_optimizer=True,
        overlap_grad_reduce=True,
        overlap_param_gather=True,
    )


@case
def layers_cut_in_two_with_a_fused_loss(torch):
    return _trained(torch, 2, {"cross_entropy_loss_fusion": True})


@case
def layers_cut_in_two_with_fused_activations_and_positions(torch):
    return _trained(torch, 2, fused={"bias_activation_fusion": True, "apply_rope_fusion": True})


@case
def layers_cut_in_two_whose_gradients_are_added_as_they_are_made(torch):
    return _trained(torch, 2, fused={"gradient_accumulation_fusion": True})


@case
def two_replicas_whose_gradients_are_added_as_they_are_made(torch):
    return _trained(
        torch, 1, fused={"gradient_accumulation_fusion": True}, overlap_grad_reduce=True
    )


@case
def two_replicas_of_experts(torch):
    return _trained(torch, 1, _EXPERTS)


@case
def two_replicas_of_experts_with_fused_permutation(torch):
    return _trained(torch, 1, _EXPERTS, {"moe_permute_fusion": True})
