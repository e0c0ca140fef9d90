# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Programs that train one module on several processes, each with data of its own."""

import contextlib
import datetime

from cases.collection import Cases

TIMEOUT = datetime.timedelta(seconds=60)

CASES = Cases()
case = CASES.case


def _replica(torch, make, **arguments):
    """A module made otherwise on every rank, and then replicated."""
    torch.manual_seed(torch.distributed.get_rank())
    module = make(torch)
    return module, torch.nn.parallel.DistributedDataParallel(module, **arguments)


def _data(torch, step, *shape):
    """Other numbers on every rank and in every step."""
    generator = torch.Generator().manual_seed(100 * step + torch.distributed.get_rank())
    return torch.randn(*(shape or (5, 4)), generator=generator)


def _network(torch):
    nn = torch.nn
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.LayerNorm(8), nn.Linear(8, 2))


def _state(torch, module):
    state = []
    for name, parameter in module.named_parameters():
        gradient = None if parameter.grad is None else parameter.grad.clone()
        state.append((name, parameter.detach().clone(), gradient))
    return state


def _branches(torch):
    class Branches(torch.nn.Module):
        """Three layers, of which a pass uses some."""

        def __init__(self):
            super().__init__()
            self.first, self.second, self.third = (torch.nn.Linear(4, 2) for _ in range(3))

        def forward(self, x, names):
            return {"sums": [getattr(self, name)(x).sum() for name in names]}

    return Branches()


def _counting(torch):
    class Counting(torch.nn.Module):
        """A layer that keeps a running mean of what it sees."""

        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(4, 2)
            self.register_buffer("mean", torch.full((4,), float(torch.distributed.get_rank())))

        def forward(self, x):
            self.mean.copy_(0.5 * self.mean + 0.5 * x.detach().mean(0))
            return self.layer(x - self.mean)

    return Counting()


@case
def steps_of_an_optimizer(torch):
    module, replica = _replica(torch, _network)
    optimizer = torch.optim.AdamW(replica.parameters(), lr=0.1)
    history = [[p.clone() for p in module.parameters()]]
    for step in range(3):
        optimizer.zero_grad()
        loss = replica(_data(torch, step)).square().sum()
        loss.backward()
        optimizer.step()
        history.append((loss, _state(torch, module)))
    return history


@case
def gradients_that_are_set_to_zero(torch):
    module, replica = _replica(torch, _network)
    history = []
    for step in range(2):
        replica.zero_grad(set_to_none=False)
        replica(_data(torch, step)).sum().backward()
        history.append(_state(torch, module))
    return history


@case
def steps_that_are_accumulated(torch):
    module, replica = _replica(torch, _network)
    history = []
    for step in range(4):
        with replica.no_sync() if step % 2 == 0 else contextlib.nullcontext():
            replica(_data(torch, step)).square().mean().backward()
        history.append([p.grad.clone() for p in module.parameters()])
    return history


@case
def accumulation_without_no_sync_averages_what_is_there(torch):
    module, replica = _replica(torch, _network)
    for step in range(2):
        replica(_data(torch, step)).square().mean().backward()
    return _state(torch, module)


@case
def buffers_of_the_first(torch):
    history = []
    for arguments in ({}, {"forward_sync_buffers": False}, {"broadcast_buffers": False}):
        module, replica = _replica(torch, _counting, **arguments)
        history.append(module.mean.clone())
        for step in range(2):
            replica(_data(torch, step)).sum().backward()
            history.append(module.mean.clone())
        with replica.no_sync():
            replica(_data(torch, 2)).sum().backward()
        history.append(module.mean.clone())
        with torch.no_grad():
            for step in range(2):
                replica(_data(torch, step))
                history.append(module.mean.clone())
        history.append(_state(torch, module))
    return history


@case
def parameters_that_go_unused_here_or_everywhere(torch):
    rank = torch.distributed.get_rank()
    module, replica = _replica(torch, _branches, find_unused_parameters=True)
    history = []
    for names in (("first", "second"), ("second",), ("third",)):
        used = names if rank == 0 else names[-1:]
        sum(replica(_data(torch, len(history)), used)["sums"]).backward()
        history.append([None if p.grad is None else p.grad.clone() for p in module.parameters()])
    return history


@case
def an_output_that_the_loss_leaves_out(torch):
    module, replica = _replica(torch, _branches)
    outputs = replica(_data(torch, 0), ("first", "second", "third"))["sums"]
    outputs[0].backward()
    try:
        replica(_data(torch, 1), ("first",))
    except RuntimeError:
        return "error", [p.grad is None for p in module.parameters()]
    return "no error"


@case
def two_passes_before_their_gradients(torch):
    module, replica = _replica(torch, _network)
    together = replica(_data(torch, 0)).sum() + replica(_data(torch, 1)).square().sum()
    together.backward()
    history = [[p.grad.clone() for p in module.parameters()]]
    first, second = replica(_data(torch, 2)).sum(), replica(_data(torch, 3)).sum()
    first.backward()
    history.append([p.grad.clone() for p in module.parameters()])
    second.backward()
    return history, _state(torch, module)


@case
def checkpoints_inside(torch):
    checkpoint = torch.utils.checkpoint.checkpoint

    class Wrapped(torch.nn.Module):
        def __init__(self, reentrant):
            super().__init__()
            self.layers = torch.nn.ModuleList(torch.nn.Linear(4, 4) for _ in range(2))
            self.reentrant = reentrant

        def forward(self, x):
            for layer in self.layers:
                x = checkpoint(layer, x, use_reentrant=self.reentrant)
            return x

    history = []
    for reentrant in (True, False):
        module, replica = _replica(torch, lambda _, r=reentrant: Wrapped(r))
        replica(_data(torch, 0).requires_grad_()).square().sum().backward()
        history.append(_state(torch, module))
    module, replica = _replica(torch, lambda _: Wrapped(True), find_unused_parameters=True)
    try:
        replica(_data(torch, 0).requires_grad_()).square().sum().backward()
    except RuntimeError:
        history.append("error")
    return history


@case
def weights_that_are_tied_or_frozen_or_left_alone(torch):
    def make(torch):
        network = torch.nn.Sequential(*(torch.nn.Linear(4, 4) for _ in range(4)))
        network[1].weight = network[0].weight
        network[2].requires_grad_(False)
        network._ddp_params_and_buffers_to_ignore = ["3.weight"]
        return network

    module, replica = _replica(torch, make)
    replica(_data(torch, 0)).square().sum().backward()
    return _state(torch, module)


@case
def types_of_half_width(torch):
    module, replica = _replica(torch, lambda torch: _network(torch).bfloat16())
    replica(_data(torch, 0).bfloat16()).sum().backward()
    return [(name, p.dtype == p.grad.dtype) for name, p in module.named_parameters()]


@case
def names_and_modes(torch):
    module, replica = _replica(torch, _counting)
    replica.eval()
    modes = module.training, replica.module is module
    loaded = replica.load_state_dict(
        {k: torch.zeros_like(v) for k, v in replica.state_dict().items()}
    )
    return list(replica.state_dict()), modes, str(loaded), module.state_dict()


@case
def a_group_of_one(torch):
    groups = [torch.distributed.new_group([rank]) for rank in range(2)]
    mine = groups[torch.distributed.get_rank()]
    module, replica = _replica(torch, _network, process_group=mine)
    replica(_data(torch, 0)).sum().backward()
    return _state(torch, module)


@case
def modules_that_cannot_be(torch):
    def tried(make, **arguments):
        try:
            _replica(torch, make, **arguments)
        except (RuntimeError, ValueError) as error:
            return type(error).__name__
        return None

    return [
        tried(lambda torch: torch.nn.ReLU()),
        tried(lambda torch: _network(torch).requires_grad_(False)),
        tried(_network, device_ids=[0]),
        tried(_network, output_device=1),
    ]
