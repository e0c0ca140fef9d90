# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""One process of a world: runs programs and writes their plain results.

Arguments: the framework, the folder above `cases`, the module of the programs, the folder for
results, and the programs' names. RANK and WORLD_SIZE and where rank 0 is come from the environment.
"""

import importlib
import os
import pathlib
import pickle
import sys
import warnings


def main() -> None:
    """Run the programs in the order given, between the same barriers on every process."""
    framework, folder, module, results, *names = sys.argv[1:]
    sys.path.insert(0, folder)
    warnings.simplefilter("ignore")
    torch = importlib.import_module(framework)
    from cases import plain

    cases = importlib.import_module(f"cases.{module}")
    torch.distributed.init_process_group("gloo", timeout=cases.TIMEOUT)
    answers = {}
    for name in names:
        answers[name] = plain.run(torch, cases.CASES[name])
        target = pathlib.Path(results) / f"{os.environ['RANK']}.pickle"
        part = target.with_suffix(".part")
        part.write_bytes(pickle.dumps(answers))
        part.replace(target)
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
