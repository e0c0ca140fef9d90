# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""One training step after another."""

import dataclasses
import time

import numpy as np
import torch
from megatron.core.distributed.finalize_model_grads import _update_router_expert_bias
from megatron.core.transformer.multi_token_prediction import MTPLossLoggingHelper

from mstrain.config import Config
from mstrain.errors import UserError
from mstrain.model import build_model
from mstrain.optimizer import build_optimizer, set_learning_rate
from mstrain.process import start_processes
from mstrain.sampling import Sampler
from mstrain.schedule import learning_rate


@dataclasses.dataclass(frozen=True)
class StepRecord:
    """What one step reports.

    Attributes:
        step: number of the step, counted from 1.
        loss: mean cross entropy of the next token in nats over the whole batch, without the MTP
            part.
        mtp_loss: mean over the MTP layers of theirs; None without such layers.
        grad_norm: Euclidean norm of all gradients before clipping.
        lr: learning rate of the step.
        tokens_per_s: tokens of the batch by wall-clock seconds of the step.
    """

    step: int
    loss: float
    mtp_loss: float | None
    grad_norm: float
    lr: float
    tokens_per_s: float


class Trainer:
    """A model, its optimizer and its place in the text: in each process the same, but for the part
    of each batch that it trains on.
    """

    def __init__(self, config: Config, tokens: np.ndarray) -> None:
        """Builds everything for step 1; `tokens` is the text, uint16, shape [n].

        Raises:
            UserError: the batch cannot be dealt to the processes that a launcher started.
        """
        self.processes = start_processes()
        if config.train.batch_size % self.processes.count:
            raise UserError(
                f"train.batch_size is {config.train.batch_size}, for {self.processes.count} "
                "processes; give a multiple of their number with --batch-size"
            )
        self.config = config
        self.sampler = Sampler(tokens, config.train.seq_len, config.train.seed)
        self.model = build_model(config.model, config.train.seq_len, config.train.seed)
        self.model.train()
        self.optimizer = build_optimizer(self.model, config.train)
        self.steps_done = 0
        length = config.train.seq_len
        self._mask = torch.triu(torch.ones(1, 1, length, length), diagonal=1).bool()
        self._positions = torch.arange(length).unsqueeze(0)

    def weight_count(self) -> int:
        """Number of trained weights, MTP layers included."""
        return sum(weight.numel() for weight in self.model.parameters())

    def forward(self) -> torch.Tensor:
        """The loss of this process's part of the next batch, a scalar."""
        whole = self.config.train.batch_size
        size = whole // self.processes.count
        first = self.steps_done * whole + self.processes.rank * size
        batch = torch.from_numpy(self.sampler.batch(first, size))
        tokens, labels = batch[:, :-1].contiguous(), batch[:, 1:].contiguous()
        losses = self.model(
            input_ids=tokens,
            position_ids=self._positions.expand(size, -1),
            attention_mask=self._mask,
            labels=labels,
            loss_mask=torch.ones(tokens.shape),
        )
        return losses.mean()

    def backward(self, loss: torch.Tensor) -> None:
        """Sets the gradients to those of the whole batch's loss: parts are equally large, so that
        the mean over all tokens is the mean of their means.
        """
        loss.backward()
        self.processes.average([weight.grad for weight in self.model.parameters()])

    def update(self) -> torch.Tensor:
        """Changes the weights by their gradients; returns the norm that these had, a scalar."""
        clip_norm = self.config.train.clip_norm
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), clip_norm)
        _update_router_expert_bias([self.model], self.model.config)
        self.optimizer.step()
        return norm

    def _take_mtp_loss(self) -> float | None:
        """Reads and clears the MTP loss that Megatron's forward pass put aside."""
        if not self.config.model.mtp_layers:
            return None
        losses = MTPLossLoggingHelper.tracker["values"]
        self.processes.average([losses])
        mean = losses.mean().item()
        MTPLossLoggingHelper.clean_loss_in_tracker()
        return mean

    def step(self) -> StepRecord:
        """Does one step and reports on it."""
        train = self.config.train
        started = time.perf_counter()
        number = self.steps_done + 1
        lr = learning_rate(train, number)
        set_learning_rate(self.optimizer, lr)
        self.optimizer.zero_grad()
        loss = self.forward()
        self.backward(loss)
        norm = self.update()
        self.steps_done = number
        loss = loss.detach().clone()
        self.processes.average([loss])
        loss_value, norm_value = loss.item(), norm.item()
        seconds = time.perf_counter() - started
        return StepRecord(
            step=number,
            loss=loss_value,
            mtp_loss=self._take_mtp_loss(),
            grad_norm=norm_value,
            lr=lr,
            tokens_per_s=train.batch_size * train.seq_len / seconds,
        )
