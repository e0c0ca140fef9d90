# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Random numbers: the same seed must give the same numbers."""

from cases.collection import Cases

CASES = Cases()
case = CASES.case


def tolerance(name):
    """One unit in the last place of the transcendental functions inside Box-Muller."""
    return {"torch.float32": (3e-7, 3e-7), "torch.float64": (1e-14, 1e-14)}


def _seeded(name, draw):
    def function(torch):
        torch.manual_seed(1234)
        return [draw(torch), draw(torch), torch.get_rng_state()]

    CASES[name] = function


for _count in (1, 2, 15, 16, 17, 31, 32, 100, 1000):
    _seeded(f"randn_{_count}", lambda torch, n=_count: torch.randn(n))
    _seeded(f"rand_{_count}", lambda torch, n=_count: torch.rand(n))
    _seeded(f"randn_float64_{_count}", lambda torch, n=_count: torch.randn(n, dtype=torch.float64))
    _seeded(f"rand_float64_{_count}", lambda torch, n=_count: torch.rand(n, dtype=torch.float64))
    _seeded(f"randperm_{_count}", lambda torch, n=_count: torch.randperm(n))
    _seeded(f"randint_{_count}", lambda torch, n=_count: torch.randint(-5, 1000, (n,)))
_seeded("randint_wide", lambda torch: torch.randint(0, 2**40, (20,)))
_seeded("randint_over_28_bits", lambda torch: torch.randint(0, 2**29, (20,)))
_seeded("randint_int32", lambda torch: torch.randint(7, (3, 4), dtype=torch.int32))
_seeded("normal_in_place", lambda torch: torch.empty(3, 7).normal_(2.0, 0.5))
_seeded("uniform_in_place", lambda torch: torch.empty(3, 7).uniform_(-1, 3))
_seeded("random_in_place", lambda torch: torch.empty(3, 7, dtype=torch.int64).random_(3, 9))
_seeded("rand_bfloat16", lambda torch: torch.rand(40, dtype=torch.bfloat16))
_seeded("rand_float16", lambda torch: torch.rand(40, dtype=torch.float16))
_seeded("randn_bfloat16", lambda torch: torch.randn(48, dtype=torch.bfloat16))
_seeded("bernoulli_of_a_tensor", lambda torch: torch.bernoulli(torch.full((3, 5), 0.4)))
_seeded("bernoulli_of_float64", lambda torch: torch.bernoulli(torch.full((9,), 0.4).double()))
_seeded("torch_normal", lambda torch: torch.normal(1.0, 2.0, (5, 5)))
_seeded("kaiming", lambda torch: torch.nn.init.kaiming_uniform_(torch.empty(8, 6), a=5**0.5))
_seeded("cut_normal", lambda torch: torch.nn.init.trunc_normal_(torch.empty(30, 7), 0.1, 2.0))
_seeded(
    "cut_normal_of_a_narrow_part",
    lambda torch: torch.nn.init.trunc_normal_(torch.empty(8, 6), 0.0, 1.0, 0.9, 1.3),
)
_seeded(
    "cut_normal_of_a_tail",
    lambda torch: torch.nn.init.trunc_normal_(torch.empty(8, 6), 0.0, 1.0, 2.0, 3.0),
)
_seeded("xavier", lambda torch: torch.nn.init.xavier_normal_(torch.empty(8, 6)))
_seeded("linear", lambda torch: list(torch.nn.Linear(5, 3).parameters()))
_seeded("embedding", lambda torch: torch.nn.Embedding(6, 4, padding_idx=1).weight)
_seeded("dropout", lambda torch: torch.nn.functional.dropout(torch.ones(5, 11), 0.3))
_seeded("dropout_large", lambda torch: torch.nn.functional.dropout(torch.ones(40, 50), 0.1))
_seeded("bernoulli", lambda torch: torch.empty(33).bernoulli_(0.25))


@case
def a_state_continues_the_stream(torch):
    torch.manual_seed(3)
    torch.randn(5)
    state = torch.get_rng_state()
    first = torch.randn(20)
    torch.set_rng_state(state)
    return first, torch.randn(20), state


@case
def a_generator_has_a_stream_of_its_own(torch):
    generator = torch.Generator().manual_seed(9)
    torch.manual_seed(1)
    return (
        torch.rand(3, generator=generator),
        torch.rand(3),
        torch.randperm(9, generator=generator),
        generator.initial_seed(),
    )


@case
def large_and_negative_seeds(torch):
    torch.manual_seed(2**63 + 11)
    first = torch.rand(4)
    torch.manual_seed(-1)
    return first, torch.rand(4), torch.initial_seed()


# Exponential clocks and categories.

for _count in (1, 6, 33):
    _seeded(f"exponential_{_count}", lambda torch, n=_count: torch.empty(n).exponential_(0.7))
_seeded("exponential_of_float64", lambda torch: torch.empty(9).double().exponential_())


def _weights(torch, rows=None):
    line = torch.tensor([0.1, 0.2, 0.0, 3.0, 0.4])
    return line if rows is None else line.repeat(rows, 1)


for _rows in (None, 3):
    for _wanted, _again in ((1, False), (3, False), (1, True), (9, True)):
        _seeded(
            f"multinomial_{_rows}_{_wanted}_{_again}",
            lambda torch, r=_rows, n=_wanted, a=_again: torch.multinomial(
                _weights(torch, r), n, replacement=a
            ),
        )
