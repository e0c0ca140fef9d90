# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""megatron-core, converted, saves and loads a model in its default format, which PyTorch reads."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from megatron.core import dist_checkpointing
from megatron.core.dist_checkpointing.mapping import ShardedObject, ShardedTensor
from megatron.core.dist_checkpointing.strategies.async_utils import AsyncCallsQueue
from megatron.core.dist_checkpointing.strategies.torch import (
    TorchDistLoadShardedStrategy,
    TorchDistSaveShardedStrategy,
)
from megatron.core.models.gpt import GPTModel
from megatron.core.models.gpt.gpt_layer_specs import get_gpt_layer_local_spec
from megatron.core.transformer import TransformerConfig

import against_torch
import megatron_alone
import mstorch
from cases import checkpoints


@pytest.fixture(autouse=True)
def one_process() -> Iterator[None]:
    with megatron_alone.one_process():
        yield


def model(seed: int) -> GPTModel:
    """A GPT of two layers."""
    mstorch.manual_seed(seed)
    config = TransformerConfig(
        num_layers=2,
        hidden_size=16,
        num_attention_heads=2,
        use_cpu_initialization=True,
        bias_dropout_fusion=False,
        masked_softmax_fusion=False,
        persist_layer_norm=False,
        gradient_accumulation_fusion=False,
    )
    spec = get_gpt_layer_local_spec()
    return GPTModel(config, spec, vocab_size=32, max_sequence_length=8)


def saved_state(gpt: GPTModel, iteration: int) -> dict[str, Any]:
    """What a trainer saves: the model in shards, an object of each process, and common values."""
    moments = [mstorch.arange(6.0).reshape(2, 3) * iteration]
    return {
        "model": gpt.sharded_state_dict(),
        "moments": [ShardedTensor.from_rank_offsets("moments", moments[0], (0, 0, 1))],
        "rng": ShardedObject("rng", {"state": mstorch.get_rng_state()}, (1,), (0,)),
        "iteration": iteration,
        "args": {"lr": 0.1, "name": "toy"},
    }


def test_a_model_is_saved_and_loaded_whole(tmp_path: Path) -> None:
    first, second = model(1), model(2)
    weights = {name: value.clone() for name, value in first.state_dict().items() if _is(value)}
    assert not mstorch.equal(
        first.embedding.word_embeddings.weight, second.embedding.word_embeddings.weight
    )
    dist_checkpointing.save(saved_state(first, 7), tmp_path)
    loaded = dist_checkpointing.load(saved_state(second, 1), tmp_path)
    second.load_state_dict(loaded["model"])
    for name, value in weights.items():
        assert mstorch.equal(second.state_dict()[name], value), name
    assert loaded["iteration"] == 7
    assert loaded["args"] == {"lr": 0.1, "name": "toy"}
    assert loaded["moments"][0].tolist() == [[0, 7, 14], [21, 28, 35]]
    assert loaded["rng"]["state"].dtype is mstorch.uint8
    tokens = mstorch.arange(8).reshape(1, 8)
    mask = mstorch.ones(1, 1, 8, 8, dtype=mstorch.bool).triu(1)
    with mstorch.no_grad():
        outputs = [gpt(tokens, tokens, mask) for gpt in (first.eval(), second.eval())]
    assert mstorch.equal(*outputs)


def _is(value: Any) -> bool:
    return isinstance(value, mstorch.Tensor)


def test_pytorch_reads_what_megatron_saved_here(
    reference: against_torch.Reference, tmp_path: Path
) -> None:
    gpt = model(3)
    dist_checkpointing.save(saved_state(gpt, 7), tmp_path)
    theirs = reference.result("checkpoints", "read tensors", str(tmp_path))
    weight = gpt.embedding.word_embeddings.weight
    name = "embedding.word_embeddings.weight"
    assert theirs[name] == [list(weight.shape), weight.detach().tolist()]
    assert theirs["moments"] == [[2, 3], [[0, 7, 14], [21, 28, 35]]]
    assert theirs == checkpoints.read_tensors(mstorch, str(tmp_path))
    common = reference.result("files", "read", str(tmp_path / "common.pt"))
    assert ["iteration", ["int", "7"]] in common[1]


def test_megatron_loads_here_what_pytorch_wrote(
    reference: against_torch.Reference, tmp_path: Path
) -> None:
    (tmp_path / "ours").mkdir()
    dist_checkpointing.save(saved_state(model(4), 7), tmp_path / "ours")
    shutil.copytree(tmp_path / "ours", tmp_path / "theirs")
    for path in (tmp_path / "theirs").glob("*.distcp"):
        path.unlink()
    reference.result(
        "checkpoints", "rewrite doubled", str(tmp_path / "ours"), str(tmp_path / "theirs")
    )
    ours, theirs = model(5), model(6)
    for gpt, folder in ((ours, "ours"), (theirs, "theirs")):
        loaded = dist_checkpointing.load(saved_state(gpt, 1), tmp_path / folder)
        gpt.load_state_dict(loaded["model"])
    for name, value in ours.state_dict().items():
        if _is(value):
            assert mstorch.equal(theirs.state_dict()[name], 2 * value), name


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    dist_checkpointing.save(saved_state(model(1), 7), tmp_path)
    largest = max(tmp_path.glob("*.distcp"), key=lambda path: path.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 1
    largest.write_bytes(content)
    with pytest.raises(mstorch.distributed.checkpoint.CheckpointException, match="damaged"):
        dist_checkpointing.load(saved_state(model(2), 1), tmp_path)


def test_saving_twice_reuses_nothing_of_another_model(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / str(number)).mkdir()
        dist_checkpointing.save(saved_state(model(number), number), tmp_path / str(number))
    for number in (1, 2):
        loaded = dist_checkpointing.load(saved_state(model(9), 9), tmp_path / str(number))
        assert loaded["iteration"] == number
        weight = model(number).embedding.word_embeddings.weight
        assert mstorch.equal(loaded["model"]["embedding.word_embeddings.weight"], weight.detach())


def test_plans_that_are_reused_save_the_values_of_today(tmp_path: Path) -> None:
    save = TorchDistSaveShardedStrategy("torch_dist", 1, cached_metadata=True)
    for number in range(1, 5):
        folder = tmp_path / str(number)
        folder.mkdir()
        dist_checkpointing.save(saved_state(model(number), number), folder, save)
        if number == 1:  # as a trainer does that goes on from a checkpoint
            load = TorchDistLoadShardedStrategy()
            dist_checkpointing.load(saved_state(model(9), 9), folder, load)
            save.cached_global_metadata = load.cached_global_metadata
    assert save.validated_loaded_metadata_reuse or save.validated_cache_reuse
    for number in range(1, 5):
        loaded = dist_checkpointing.load(saved_state(model(9), 9), tmp_path / str(number))
        weight = model(number).embedding.word_embeddings.weight
        assert mstorch.equal(loaded["model"]["embedding.word_embeddings.weight"], weight.detach())
        assert loaded["moments"][0].tolist() == [
            [0, number, 2 * number],
            [3 * number, 4 * number, 5 * number],
        ]


def test_a_checkpoint_is_written_beside_the_training(tmp_path: Path) -> None:
    calls = AsyncCallsQueue()
    gpt = model(1)
    weight = gpt.embedding.word_embeddings.weight
    before = weight.detach().clone()
    calls.schedule_async_request(
        dist_checkpointing.save(saved_state(gpt, 7), tmp_path, async_sharded_save=True)
    )
    with mstorch.no_grad():
        weight.zero_()
    assert calls.maybe_finalize_async_calls(blocking=True) == [0]
    loaded = dist_checkpointing.load(saved_state(model(9), 9), tmp_path)
    assert mstorch.equal(loaded["model"]["embedding.word_embeddings.weight"], before)
