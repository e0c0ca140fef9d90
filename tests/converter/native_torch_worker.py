# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluates texts under PyTorch for a test that runs under MindSpore.

Reads a pickled list of texts from standard input, writes the pickled list of results to standard
output. Started with the folder of native_calls.py.
"""

import inspect
import os
import pickle
import sys
import warnings

# Where the names of operators begin differently from those of the functions.
_PREFIXES = {"torch.linalg": "linalg_", "torch.special": "special_", "torch.fft": "fft_"}


def signatures(torch, name):
    """Each signature of a function as a list of (parameter, keyword only, default or None)."""
    owner, _, last = name.rpartition(".")
    function = torch
    for part in name.split(".")[1:]:
        function = getattr(function, part)
    try:
        every = [inspect.signature(function)]
    except ValueError:
        found = torch._C._jit_get_schemas_for_operator(f"aten::{_PREFIXES.get(owner, '')}{last}")
        return [[_argument(argument) for argument in schema.arguments] for schema in found]
    return [[_parameter(p) for p in signature.parameters.values()] for signature in every]


def _argument(argument):
    name = "input" if argument.name == "self" else argument.name
    default = repr(argument.default_value) if argument.has_default_value() else None
    return [name, argument.kwarg_only, default]


def _parameter(parameter):
    default = None if parameter.default is parameter.empty else repr(parameter.default)
    return [parameter.name, parameter.kind is parameter.KEYWORD_ONLY, default]


def main() -> None:
    """Answer one list."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.path.insert(0, sys.argv[1])
    warnings.simplefilter("ignore")
    import torch

    from native_calls import Framework, tensor_record

    torch.set_num_threads(1)

    def plain(value):
        array = value.detach().resolve_conj().resolve_neg().contiguous().numpy()
        return tensor_record(str(value.dtype).removeprefix("torch."), array)

    framework = Framework(
        {"torch": torch, "signatures": lambda name: signatures(torch, name)},
        torch.from_numpy,
        plain,
    )
    texts = pickle.load(sys.stdin.buffer)
    pickle.dump([framework.evaluate(text) for text in texts], answers)
    answers.close()


if __name__ == "__main__":
    main()
