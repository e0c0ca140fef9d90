# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs cases under PyTorch for a test that runs under MindSpore.

Started with the paths of the folder above `cases`; reads lines `module function`, with arguments
behind tabs, answers each with the length of a pickle on one line and the pickle.
"""

import functools
import importlib
import os
import pickle
import sys
import warnings
from typing import Any


def _with_arguments(case: Any, arguments: list[str], torch: Any) -> Any:
    return case(torch, *arguments)


def main() -> None:
    """Serve until standard input ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.path.insert(0, sys.argv[1])
    warnings.simplefilter("ignore")
    import torch

    from cases import plain

    torch.set_num_threads(1)
    for line in sys.stdin:
        case_name, *arguments = line.rstrip("\n").split("\t")
        module, name = case_name.split(" ", 1)
        case = importlib.import_module(f"cases.{module}").CASES[name]
        if arguments:
            case = functools.partial(_with_arguments, case, arguments)
        answer = pickle.dumps(plain.run(torch, case))
        answers.write(b"%d\n" % len(answer) + answer)
        answers.flush()


if __name__ == "__main__":
    main()
