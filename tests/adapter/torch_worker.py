# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs cases under PyTorch for a test that runs under MindSpore.

Started with the paths of the folder above `cases`; reads lines `module function`, answers each with
the length of a pickle on one line and the pickle.
"""

import importlib
import os
import pickle
import sys
import warnings


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
        module, name = line.rstrip("\n").split(" ", 1)
        case = importlib.import_module(f"cases.{module}").CASES[name]
        answer = pickle.dumps(plain.run(torch, case))
        answers.write(b"%d\n" % len(answer) + answer)
        answers.flush()


if __name__ == "__main__":
    main()
