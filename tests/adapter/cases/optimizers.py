# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Optimizers and schedules beyond those of Megatron: what they make of the same gradients."""

import functools

from cases.collection import Cases
from cases.samples import numbers

CASES = Cases()
case = CASES.case


def tolerance(name):
    """Steps add up roundings."""
    return {"torch.float32": (1e-5, 2e-6)}


def _parameters(torch):
    shapes = [(3, 4), (4,), (2, 3, 2), ()]
    return [
        torch.nn.Parameter(torch.from_numpy(numbers(shape, seed)).reshape(shape))
        for seed, shape in enumerate(shapes, 5)
    ]


def _gradients(torch, parameters, step):
    """One parameter has none in every third step."""
    for number, parameter in enumerate(parameters):
        parameter.grad = torch.from_numpy(numbers(parameter.shape, 40 + 7 * step + number)).reshape(
            parameter.shape
        )
    if step % 3 == 2:
        parameters[1].grad = None


def _plain_state(optimizer):
    return {
        number: dict(sorted(state.items()))
        for number, state in optimizer.state_dict()["state"].items()
    }


def _optimizer(name, **options):
    def steps(torch):
        parameters = _parameters(torch)
        optimizer = getattr(torch.optim, name)(parameters, **options)
        for step in range(7):
            _gradients(torch, parameters, step)
            optimizer.step()
        return [p.detach() for p in parameters], _plain_state(optimizer)

    given = "_".join(f"{key}_{value}" for key, value in options.items())
    CASES[f"{name}_{given}".strip("_")] = steps


for _name in ("Adadelta", "Adafactor", "Adagrad", "Adamax", "ASGD", "NAdam", "RAdam", "RMSprop"):
    _optimizer(_name)
    _optimizer(_name, lr=0.1, weight_decay=0.2, maximize=True)
_optimizer("Rprop")
_optimizer("Rprop", lr=0.05, etas=(0.3, 1.5), step_sizes=(0.01, 0.08), maximize=True)
_optimizer("Adagrad", lr_decay=0.1, initial_accumulator_value=0.5, eps=1e-3)
_optimizer("RMSprop", momentum=0.9, centered=True, alpha=0.8)
_optimizer("RMSprop", centered=True)
_optimizer("ASGD", t0=2, lambd=0.1)
_optimizer("NAdam", decoupled_weight_decay=True, weight_decay=0.3)
_optimizer("RAdam", decoupled_weight_decay=True, weight_decay=0.3, betas=(0.5, 0.7))
_optimizer("Adafactor", eps=(1e-2, 0.1), d=2.0, beta2_decay=-0.3)
_optimizer("Adam", amsgrad=True, lr=0.1)
_optimizer("AdamW", amsgrad=True, lr=0.1, maximize=True)


def _wrong(name, **options):
    def make(torch):
        getattr(torch.optim, name)(_parameters(torch), **options)

    CASES[f"wrong_{name}_{'_'.join(options)}"] = make


_wrong("Adagrad", lr=-1.0)
_wrong("Adamax", betas=(1.0, 0.9))
_wrong("Adadelta", rho=2.0)
_wrong("RMSprop", momentum=-0.1)
_wrong("NAdam", momentum_decay=-1.0)
_wrong("Rprop", etas=(1.5, 1.2))
_wrong("Adafactor", d=0.5)


@case
def an_optimizer_goes_on_from_its_state(torch):
    results = []
    for restarted in (False, True):
        parameters = _parameters(torch)
        optimizer = torch.optim.RMSprop(parameters, momentum=0.5)
        for step in range(6):
            if restarted and step == 3:
                state = optimizer.state_dict()
                optimizer = torch.optim.RMSprop(parameters, momentum=0.5)
                optimizer.load_state_dict(state)
            _gradients(torch, parameters, step)
            optimizer.step()
        results.append([p.detach() for p in parameters])
    return results


def _two_groups(torch, kind="SGD"):
    first, second, *rest = _parameters(torch)
    groups = [{"params": [first, *rest]}, {"params": [second], "lr": 0.3}]
    options = {"momentum": 0.9} if kind == "SGD" else {}
    return getattr(torch.optim, kind)(groups, lr=0.1, **options)


def _rates(optimizer, schedule, steps, *step_arguments):
    seen = []
    for step in range(steps):
        optimizer.step()
        groups = optimizer.param_groups
        momenta = [group.get("momentum", group.get("betas")) for group in groups]
        seen.append(([group["lr"] for group in groups], momenta, schedule.get_last_lr()))
        schedule.step(*(argument[step] for argument in step_arguments))
    return seen


_SCHEDULES = {
    "StepLR": ({"step_size": 3}, {"step_size": 2, "gamma": 0.5}),
    "MultiStepLR": ({"milestones": [2, 5, 5, 9], "gamma": 0.3},),
    "ConstantLR": ({}, {"factor": 0.5, "total_iters": 3}),
    "LinearLR": ({}, {"start_factor": 1.0, "end_factor": 0.1, "total_iters": 6}),
    "ExponentialLR": ({"gamma": 0.8},),
    "PolynomialLR": ({}, {"total_iters": 8, "power": 2.0}),
    "CosineAnnealingLR": ({"T_max": 4}, {"T_max": 5, "eta_min": 0.01}),
    "CosineAnnealingWarmRestarts": ({"T_0": 3}, {"T_0": 2, "T_mult": 2, "eta_min": 0.02}),
    "MultiplicativeLR": ({"lr_lambda": lambda step: 1.0 - 0.05 * step},),
    "LambdaLR": ({"lr_lambda": [lambda step: 0.9**step, lambda step: 1 / (1 + step)]},),
    "CyclicLR": (
        {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 3},
        {"base_lr": [0.01, 0.02], "max_lr": 0.1, "step_size_up": 2, "mode": "triangular2"},
        {
            "base_lr": 0.01,
            "max_lr": 0.1,
            "step_size_up": 2,
            "step_size_down": 3,
            "mode": "exp_range",
            "gamma": 0.9,
            "cycle_momentum": False,
        },
        {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 3, "scale_fn": lambda x: 1 / x},
    ),
    "OneCycleLR": (
        {"max_lr": 0.5, "total_steps": 14},
        {"max_lr": [0.5, 0.2], "epochs": 2, "steps_per_epoch": 7, "three_phase": True},
        {"max_lr": 0.5, "total_steps": 13, "anneal_strategy": "linear", "pct_start": 0.5},
    ),
}


def _schedule(torch, name, options, kind="SGD"):
    optimizer = _two_groups(torch, kind)
    return optimizer, getattr(torch.optim.lr_scheduler, name)(optimizer, **options)


def _rates_of(torch, name, options, kind="SGD"):
    return _rates(*_schedule(torch, name, options, kind), 13)


def _jumps_of(torch, name, options):
    """Rates after going to steps out of order."""
    optimizer, schedule = _schedule(torch, name, options)
    seen = []
    for epoch in (4, 7, 2, 0):
        optimizer.step()
        schedule.step(epoch)
        seen.append((schedule.get_last_lr(), schedule.last_epoch))
        schedule.step()
        seen.append(schedule.get_last_lr())
    return seen


def _resumed(torch, name, options):
    """Rates of a schedule that is restarted from the states half-way."""
    optimizer, schedule = _schedule(torch, name, options)
    before = _rates(optimizer, schedule, 6)
    again, resumed = _schedule(torch, name, options)
    again.load_state_dict(optimizer.state_dict())
    resumed.load_state_dict(schedule.state_dict())
    return before, _rates(again, resumed, 7)


for _name, _all in _SCHEDULES.items():
    for _number, _options in enumerate(_all):
        for _what in (_rates_of, _jumps_of, _resumed):
            CASES[f"{_what.__name__.strip('_')}_{_name}_{_number}"] = functools.partial(
                _what, name=_name, options=_options
            )
CASES["rates_of_a_cycle_with_adam"] = functools.partial(
    _rates_of, name="OneCycleLR", options={"max_lr": 0.5, "total_steps": 14}, kind="Adam"
)


@case
def schedules_in_sequence(torch):
    rates = torch.optim.lr_scheduler
    optimizer = _two_groups(torch)
    warm_up = rates.LinearLR(optimizer, start_factor=0.1, total_iters=4)
    decay = rates.CosineAnnealingLR(optimizer, T_max=6, eta_min=0.01)
    last = rates.ExponentialLR(optimizer, 0.5)
    schedule = rates.SequentialLR(optimizer, [warm_up, decay, last], milestones=[4, 9])
    return _rates(optimizer, schedule, 13)


@case
def schedules_in_sequence_go_on_from_their_state(torch):
    def make():
        rates = torch.optim.lr_scheduler
        optimizer = _two_groups(torch)
        parts = [rates.LinearLR(optimizer, total_iters=3), rates.StepLR(optimizer, 2)]
        return optimizer, rates.SequentialLR(optimizer, parts, milestones=[3])

    optimizer, schedule = make()
    before = _rates(optimizer, schedule, 5)
    again, resumed = make()
    again.load_state_dict(optimizer.state_dict())
    resumed.load_state_dict(schedule.state_dict())
    return before, _rates(again, resumed, 5)


@case
def schedules_one_on_top_of_the_other(torch):
    rates = torch.optim.lr_scheduler
    optimizer = _two_groups(torch)
    parts = [rates.ConstantLR(optimizer, 0.1, 3), rates.ExponentialLR(optimizer, 0.9)]
    return _rates(optimizer, rates.ChainedScheduler(parts), 7)


def _plateau(name, **options):
    def program(torch):
        optimizer = _two_groups(torch)
        schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        measures = [3.0, 2.0, 2.0, 1.9999, 2.1, 2.1, 2.1, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5]
        seen = _rates(optimizer, schedule, len(measures), [torch.tensor(m) for m in measures])
        return seen, schedule.best, schedule.num_bad_epochs, schedule.last_epoch

    CASES[f"a_plateau_{name}"] = program


_plateau("by_default")
_plateau("soon", patience=1, factor=0.5)
_plateau("of_what_should_grow", mode="max", patience=2, cooldown=1)
_plateau("by_an_absolute_threshold", threshold_mode="abs", threshold=0.5, patience=0)
_plateau("down_to_a_rate", patience=0, min_lr=[0.05, 0.2])


@case
def a_rate_that_is_a_tensor_stays_one(torch):
    optimizer = torch.optim.Adam(_parameters(torch), lr=torch.tensor(0.1))
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    rate = optimizer.param_groups[0]["lr"]
    optimizer.step()
    schedule.step()
    return rate, rate is optimizer.param_groups[0]["lr"], schedule.get_last_lr()


@case
def a_schedule_needs_an_optimizer(torch):
    torch.optim.lr_scheduler.StepLR(3, 1)


@case
def a_schedule_that_resumes_needs_initial_rates(torch):
    torch.optim.lr_scheduler.StepLR(_two_groups(torch), 1, last_epoch=3)


@case
def a_cycle_needs_its_length(torch):
    torch.optim.lr_scheduler.OneCycleLR(_two_groups(torch), 0.1)


@case
def a_cycle_that_is_over(torch):
    _rates_of(torch, "OneCycleLR", {"max_lr": 0.5, "total_steps": 5})


@case
def a_sequence_needs_a_milestone_between_two(torch):
    rates = torch.optim.lr_scheduler
    optimizer = _two_groups(torch)
    rates.SequentialLR(optimizer, [rates.StepLR(optimizer, 1)], milestones=[3])


@case
def a_plateau_in_a_sequence(torch):
    rates = torch.optim.lr_scheduler
    optimizer = _two_groups(torch)
    rates.ChainedScheduler([rates.ReduceLROnPlateau(optimizer)])
