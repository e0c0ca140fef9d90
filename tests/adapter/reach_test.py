# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Each name that docs/operators.md lists calls the operator of msops that it is listed for."""

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from megatron.core import parallel_state
from megatron.core.fusions.fused_bias_gelu import bias_gelu_impl
from megatron.core.fusions.fused_bias_swiglu import bias_swiglu_impl, weighted_bias_swiglu_impl
from megatron.core.fusions.fused_cross_entropy import fused_vocab_parallel_cross_entropy
from megatron.core.models.common.embeddings.rope_utils import apply_rotary_pos_emb
from megatron.core.tensor_parallel.cross_entropy import vocab_parallel_cross_entropy
from megatron.core.tensor_parallel.layers import ColumnParallelLinear, RowParallelLinear
from megatron.core.transformer import TransformerConfig
from megatron.core.transformer.mlp import MLP, MLPSubmodules
from megatron.core.transformer.moe import moe_utils

import megatron_alone
import msops
import mstorch
from mstorch.interop import apex_transformer, grouped_gemm, mindspeed, torch_npu
from mstorch.interop import fused_weight_gradient_mlp_cuda as weight_gradients

_FOLDER = Path(__file__).absolute().parents[2]
ROW = re.compile(r"\| `(\w+)` \| (`.*`) \|")

F = mstorch.nn.functional
X, ROWS, WEIGHT, BIAS = mstorch.ones(4, 8), mstorch.ones(6, 4), mstorch.ones(8), mstorch.ones(8)
TABLE, ANGLES = mstorch.ones(4, 1, 1, 8), mstorch.ones(4, 1, 1, 8)
HEADS = mstorch.ones(4, 2, 3, 8)
QUERY = mstorch.ones(1, 2, 64, 8)
MATRICES, COUNTS = mstorch.ones(2, 8, 3), mstorch.tensor([1, 3])
TARGET = mstorch.zeros(4, dtype=mstorch.int64)
CHOICES = mstorch.tensor([[0, 1], [1, 0], [0, 1], [1, 0]])
PLACES = mstorch.arange(8, dtype=mstorch.int32)
MAP = mstorch.ones(4, 2, dtype=mstorch.int8)
ONES = mstorch.ones(8, 3)


def config(**values: object) -> TransformerConfig:
    return TransformerConfig(
        num_layers=1,
        hidden_size=8,
        num_attention_heads=2,
        use_cpu_initialization=True,
        gated_linear_unit=True,
        activation_func=F.silu,
        add_bias_linear=False,
        **values,
    )


def group() -> object:
    return parallel_state.get_tensor_model_parallel_group()


def adam(name: str) -> None:
    parameter = mstorch.nn.Parameter(mstorch.ones(3))
    parameter.grad = mstorch.ones(3)
    getattr(mstorch.optim, name)([parameter]).step()


def clip() -> None:
    parameter = mstorch.nn.Parameter(mstorch.ones(3))
    parameter.grad = mstorch.ones(3)
    mstorch.nn.utils.clip_grad_norm_([parameter], 1.0)


def attention_gradients() -> None:
    answers = torch_npu.npu_fusion_attention(QUERY, QUERY, QUERY, 2, "BNSD")
    torch_npu.npu_fusion_attention_grad(
        QUERY,
        QUERY,
        QUERY,
        QUERY,
        2,
        "BNSD",
        softmax_max=answers[1],
        softmax_sum=answers[2],
        attention_in=answers[0],
    )


def merged() -> None:
    numbers = mstorch.ones(1, 2, 4, 8)
    torch_npu.npu_ring_attention_update(X[:, None], *[numbers] * 2, X[:, None], *[numbers] * 2)


def fused_step(name: str) -> None:
    """torch._fused_adamw_, and the same without decoupled decay."""
    numbers = {"lr": 0.1, "beta1": 0.9, "beta2": 0.99, "weight_decay": 0.0, "eps": 1e-8}
    lists = [[X.clone()] for _ in range(4)]
    step = [mstorch.tensor(1.0)]
    getattr(mstorch, name)(*lists, [], step, **numbers, amsgrad=False, maximize=False)


def loaded(module: str, *operands: object, function: str | None = None) -> Callable[[], object]:
    """A call of what MindSpeed's wrapper calls in the module that it loads."""
    return lambda: getattr(mindspeed.load(module), function or module)(*operands)


def feed_forward() -> None:
    parts = MLPSubmodules(linear_fc1=ColumnParallelLinear, linear_fc2=RowParallelLinear)
    MLP(config(), parts)(mstorch.ones(4, 1, 8))


_NPU, _CORE = "torch_npu.npu_", "megatron.core."
CALLS: dict[str, Callable[[], object]] = {
    "torch.nn.functional.rms_norm": lambda: F.rms_norm(X, (8,), WEIGHT),
    "torch.nn.RMSNorm": lambda: mstorch.nn.RMSNorm(8)(X),
    f"{_NPU}rms_norm": lambda: torch_npu.npu_rms_norm(X, WEIGHT),
    f"{_NPU}add_rms_norm": lambda: torch_npu.npu_add_rms_norm(X, X, WEIGHT),
    "torch.nn.functional.layer_norm": lambda: F.layer_norm(X, (8,)),
    "torch.nn.LayerNorm": lambda: mstorch.nn.LayerNorm(8)(X),
    f"{_NPU}swiglu": lambda: torch_npu.npu_swiglu(X),
    f"{_NPU}swiglu_backward": lambda: torch_npu.npu_swiglu_backward(X[:, :4], X),
    f"{_CORE}fusions.fused_bias_swiglu.bias_swiglu_impl": lambda: bias_swiglu_impl(X, BIAS),
    f"{_CORE}fusions.fused_bias_swiglu.weighted_bias_swiglu_impl": lambda: (
        weighted_bias_swiglu_impl(X, None, X[:, :1])
    ),
    f"{_CORE}transformer.mlp.MLP": feed_forward,
    f"{_NPU}rotary_mul": lambda: torch_npu.npu_rotary_mul(HEADS, TABLE, TABLE),
    f"{_NPU}rotary_position_embedding": lambda: torch_npu.npu_rotary_position_embedding(
        HEADS, TABLE, TABLE
    ),
    f"{_CORE}models.common.embeddings.rope_utils.apply_rotary_pos_emb": lambda: (
        apply_rotary_pos_emb(HEADS, ANGLES, config())
    ),
    "apex.transformer.functional.fused_apply_rotary_pos_emb": lambda: (
        apex_transformer.fused_apply_rotary_pos_emb(HEADS, ANGLES)
    ),
    "apex.transformer.functional.fused_apply_rotary_pos_emb_thd": lambda: (
        apex_transformer.fused_apply_rotary_pos_emb_thd(
            HEADS[:, 0], mstorch.tensor([0, 1, 4]), ANGLES
        )
    ),
    "torch.nn.functional.gelu": lambda: F.gelu(X),
    "torch.nn.GELU": lambda: mstorch.nn.GELU()(X),
    f"{_CORE}fusions.fused_bias_gelu.bias_gelu_impl": lambda: bias_gelu_impl(X, BIAS),
    "torch.nn.functional.embedding": lambda: F.embedding(TARGET, X),
    "torch.nn.Embedding": lambda: mstorch.nn.Embedding(3, 2)(TARGET),
    "torch.nn.functional.cross_entropy": lambda: F.cross_entropy(X, TARGET),
    "torch.nn.CrossEntropyLoss": lambda: mstorch.nn.CrossEntropyLoss()(X, TARGET),
    f"{_NPU}cross_entropy_loss": lambda: torch_npu.npu_cross_entropy_loss(X, TARGET),
    f"{_CORE}tensor_parallel.cross_entropy.vocab_parallel_cross_entropy": lambda: (
        vocab_parallel_cross_entropy(X, TARGET)
    ),
    f"{_CORE}fusions.fused_cross_entropy.fused_vocab_parallel_cross_entropy": lambda: (
        fused_vocab_parallel_cross_entropy(X, TARGET, group())
    ),
    "torch.nn.functional.scaled_dot_product_attention": lambda: F.scaled_dot_product_attention(
        QUERY, QUERY, QUERY
    ),
    f"{_NPU}fusion_attention": lambda: torch_npu.npu_fusion_attention(
        QUERY, QUERY, QUERY, 2, "BNSD"
    ),
    f"{_NPU}fusion_attention_v2": lambda: torch_npu.npu_fusion_attention_v2(
        QUERY, QUERY, QUERY, 2, "BNSD"
    ),
    f"{_NPU}fusion_attention_grad": attention_gradients,
    f"{_NPU}ring_attention_update": merged,
    "torch.optim.AdamW": lambda: adam("AdamW"),
    "torch.optim.Adam": lambda: adam("Adam"),
    f"{_NPU}apply_adam_w": lambda: torch_npu.npu_apply_adam_w(
        *(1.0, 1.0, 0.1, 0.0, 0.9, 0.999, 1e-8, X, None, False, False),
        out=(X.clone(), X.clone(), X.clone()),
    ),
    "torch.nn.utils.clip_grad_norm_": clip,
    "torch.nn.functional.grouped_mm": lambda: F.grouped_mm(
        X, MATRICES, offs=mstorch.tensor([1, 4], dtype=mstorch.int32)
    ),
    f"{_NPU}grouped_matmul": lambda: torch_npu.npu_grouped_matmul(
        [X], [MATRICES], group_list=[1, 4]
    ),
    "grouped_gemm.ops.gmm": lambda: grouped_gemm.ops.gmm(X, MATRICES, COUNTS),
    "fused_weight_gradient_mlp_cuda.wgrad_gemm_accum_fp32": lambda: (
        weight_gradients.wgrad_gemm_accum_fp32(X, X, mstorch.zeros(8, 8))
    ),
    "fused_weight_gradient_mlp_cuda.wgrad_gemm_accum_fp16": lambda: (
        weight_gradients.wgrad_gemm_accum_fp16(X.half(), X.half(), mstorch.zeros(8, 8).half())
    ),
    f"{_NPU}moe_gating_top_k": lambda: torch_npu.npu_moe_gating_top_k(X, 2),
    f"{_NPU}moe_gating_top_k_softmax": lambda: torch_npu.npu_moe_gating_top_k_softmax(X, None, 2),
    f"{_CORE}transformer.moe.moe_utils.topk_softmax_with_capacity": lambda: (
        moe_utils.topk_softmax_with_capacity(X, 2, score_function="sigmoid")
    ),
    f"{_NPU}moe_token_permute": lambda: torch_npu.npu_moe_token_permute(X, CHOICES),
    f"{_NPU}moe_token_permute_with_routing_map": lambda: (
        torch_npu.npu_moe_token_permute_with_routing_map(X, MAP, num_out_tokens=8)
    ),
    f"{_CORE}transformer.moe.moe_utils.permute": lambda: moe_utils.permute(X, MAP),
    f"{_NPU}moe_token_unpermute": lambda: torch_npu.npu_moe_token_unpermute(ONES, PLACES),
    f"{_NPU}moe_token_unpermute_with_routing_map": lambda: (
        torch_npu.npu_moe_token_unpermute_with_routing_map(ONES, PLACES, [4, 3])
    ),
    f"{_CORE}transformer.moe.moe_utils.unpermute": lambda: moe_utils.unpermute(
        ONES, CHOICES.reshape(-1), (2, 3)
    ),
}

_OPS = "mindspeed.ops."
_SOFTMAX = [mstorch.ones(1, 2, 4, 8)] * 2
CALLS |= {
    "torch._fused_adamw_": lambda: fused_step("_fused_adamw_"),
    "torch._fused_adam_": lambda: fused_step("_fused_adam_"),
    f"{_OPS}npu_rotary_position_embedding": loaded(
        "npu_rotary_position_embedding", HEADS, TABLE, TABLE, 0
    ),
    f"{_OPS}npu_moe_token_permute": loaded("npu_moe_token_permute", X, CHOICES),
    f"{_OPS}npu_moe_token_unpermute": loaded("npu_moe_token_unpermute", ONES, PLACES),
    f"{_OPS}npu_ring_attention_update": loaded(
        "npu_ring_attention_update", X[:, None], *_SOFTMAX, X[:, None], *_SOFTMAX, None, "SBH"
    ),
    f"{_OPS}fusion_attention_v2": loaded(
        "fusion_attention_v2",
        *(QUERY, QUERY, QUERY, 2, "BNSD", None, None, None, 1.0, 1.0, 2**31 - 1, 2**31 - 1),
        *(0, None, None, None, 0, True, False, 1, None, None),
        function="npu_fusion_attention_v2",
    ),
    f"{_OPS}gmm": loaded("grouped_matmul", [X], [MATRICES], [], [1, 4], 0, 0, function="npu_gmm"),
    f"{_OPS}npu_matmul_add": loaded("npu_matmul_add_fp32", X, X, mstorch.zeros(8, 8)),
    f"{_OPS}npu_groupmatmul_add": loaded(
        "npu_groupmatmul_add_fp32", X, X, mstorch.tensor([1, 4]), mstorch.zeros(2, 8, 8)
    ),
    f"{_OPS}npu_apply_fused_adamw_v2": loaded(
        "npu_apply_fused_adamw_v2",
        *(X.clone(), X, X.clone(), X.clone(), None, mstorch.tensor(1)),
        *(0.1, 0.9, 0.99, 0.0, 1e-8, False, False),
    ),
}

# What mstorch calls where an operator records by itself: see msops.parts.
PARTS = {
    "vocab_cross_entropy": {"vocab_pieces", "vocab_loss"},
    "swiglu": {"swiglu", "swiglu_grad"},
}


def table() -> dict[str, list[str]]:
    """The names of each operator that the page lists."""
    page = (_FOLDER / "docs/operators.md").read_text(encoding="utf-8")
    section = page.partition("## What reaches them")[2].partition("\n## ")[0]
    rows = {row[1]: re.findall(r"`([^`]+)`", row[2]) for row in ROW.finditer(section)}
    assert rows, "docs/operators.md has no table of names"
    return rows


@pytest.fixture(scope="module", autouse=True)
def one_process() -> Iterator[None]:
    with megatron_alone.one_process():
        yield


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of the operators and parts of msops that have been called."""
    seen: set[str] = set()

    def watched(name: str, function: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **options: object) -> object:
            seen.add(name)
            return function(*arguments, **options)

        return call

    for module in (msops, msops.parts):
        for name, function in list(vars(module).items()):
            if inspect.isfunction(function) and function.__module__.startswith("msops."):
                monkeypatch.setattr(module, name, watched(name, function))
    return seen


@pytest.mark.parametrize(
    ("operator", "name"),
    [(operator, name) for operator, names in table().items() for name in names],
)
def test_a_name_calls_its_operator(operator: str, name: str, called: set[str]) -> None:
    CALLS[name]()
    assert called & PARTS.get(operator, {operator}), f"{name} called {sorted(called)}"


def test_a_name_of_something_else_calls_no_operator(called: set[str]) -> None:
    F.silu(X)
    assert not called


def test_every_operator_and_every_name_is_in_the_table() -> None:
    tables_alone = {"rotary_tables"}
    operators = {name for name in msops.__all__ if inspect.isfunction(getattr(msops, name))}
    assert set(table()) == operators - tables_alone
    assert sorted(name for names in table().values() for name in names) == sorted(CALLS)
