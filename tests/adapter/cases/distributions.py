# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Distributions: samples, probabilities and entropies, with gradients."""

import functools

from cases.collection import Cases
from cases.samples import numbers

CASES = Cases()
case = CASES.case


def tolerance(name):
    """Normal numbers differ by a unit in the last place; triangles add up roundings."""
    return {"torch.float32": (2e-5, 1e-5)}


def _of(torch, shape, seed, positive=False):
    values = torch.from_numpy(numbers(shape, seed)).reshape(shape)
    return (values.abs() + 0.1 if positive else values).requires_grad_()


def _covariance(torch, size):
    root = torch.from_numpy(numbers((size, size), 8)).reshape(size, size)
    return (root @ root.T + torch.eye(size)).requires_grad_()


def _everything(torch, name, parameters, **options):
    given = parameters(torch)
    made = getattr(torch.distributions, name)(**given, **options)
    torch.manual_seed(5)
    seen = [made.batch_shape, made.event_shape, made.entropy()]
    seen += [made.sample(), made.sample((3, 2)), torch.rand(1)]
    drawn = made.sample((4,))
    chances = made.log_prob(drawn)
    if made.has_rsample:
        seen.append(made.rsample((2,)))
    (chances.sum() + made.entropy().sum()).backward()
    return seen, drawn, chances, [value.grad for value in given.values() if hasattr(value, "grad")]


_ALL = {
    "Normal": {
        "of_tensors": lambda t: {"loc": _of(t, (3, 2), 1), "scale": _of(t, (2,), 2, True)},
        "of_a_number": lambda t: {"loc": 0.5, "scale": _of(t, (2,), 2, True)},
    },
    "Uniform": {"of_tensors": lambda t: {"low": _of(t, (3,), 1), "high": _of(t, (3,), 1) + 4}},
    "Categorical": {
        "of_logits": lambda t: {"logits": _of(t, (3, 5), 1)},
        "of_weights": lambda t: {"probs": _of(t, (3, 5), 1, True)},
        "of_one_row": lambda t: {"logits": _of(t, (5,), 1)},
    },
    "Bernoulli": {
        "of_logits": lambda t: {"logits": _of(t, (3, 5), 1)},
        "of_chances": lambda t: {"probs": t.tensor([0.1, 0.5, 0.8], requires_grad=True)},
    },
    "MultivariateNormal": {
        "of_a_covariance": lambda t: {
            "loc": _of(t, (3,), 1),
            "covariance_matrix": _covariance(t, 3),
        },
        "of_a_factor": lambda t: {
            "loc": _of(t, (2, 3), 1),
            "scale_tril": t.linalg.cholesky(_covariance(t, 3).detach()).requires_grad_(),
        },
    },
}
for _name, _ways in _ALL.items():
    for _way, _parameters in _ways.items():
        CASES[f"{_name}_{_way}"] = functools.partial(
            _everything, name=_name, parameters=_parameters
        )


def _wrong(name, kind, parameters):
    def make(torch):
        # torch's own default depends on what else was imported.
        getattr(torch.distributions, kind)(**parameters(torch), validate_args=True)

    CASES[f"wrong_{name}"] = make


_wrong("deviation", "Normal", lambda t: {"loc": 0.0, "scale": t.tensor([1.0, -1.0])})
_wrong("bounds", "Uniform", lambda t: {"low": t.ones(2), "high": t.ones(2)})
_wrong("chance", "Bernoulli", lambda t: {"probs": t.tensor(1.5)})
_wrong("parameters", "Categorical", lambda t: {})
_wrong("logits", "Categorical", lambda t: {"logits": t.tensor([1.0, float("nan")])})
_wrong(
    "covariance",
    "MultivariateNormal",
    lambda t: {"loc": t.zeros(2), "covariance_matrix": -t.eye(2)},
)


@case
def a_value_that_cannot_be(torch):
    made = torch.distributions.Categorical(logits=torch.zeros(3), validate_args=True)
    made.log_prob(torch.tensor(3))


@case
def values_that_are_not_checked(torch):
    made = torch.distributions.Normal(0.0, torch.tensor(-1.0), validate_args=False)
    return made.log_prob(torch.tensor(float("nan")))


@case
def constraints(torch):
    those = torch.distributions.constraints
    matrices = torch.stack([torch.eye(2), -torch.eye(2), torch.ones(2, 2)])
    return (
        those.positive_definite.check(matrices),
        those.positive_definite.check(torch.tensor([[1.0, 2.0], [0.0, 1.0]])),
        those.lower_cholesky.check(matrices),
        those.simplex.check(torch.tensor([[0.5, 0.5], [0.5, 0.6]])),
        those.nonnegative_integer.check(torch.tensor([0.0, 1.5, -1.0])),
        those.boolean.check(torch.tensor([0.0, 1.0, 2.0])),
        those.interval(-1.0, 1.0).check(torch.tensor([-1.0, 0.0, 2.0])),
        those.positive.check(torch.tensor([0.0, 1.0])),
    )


@case
def a_matrix_without_a_factor(torch):
    torch.linalg.cholesky(-torch.eye(2))
