# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Whether names exist: a case for whatever torch name is asked for."""

import functools


class _Names(dict):
    """CASES["torch.mul"] says whether torch.mul is there."""

    def __missing__(self, name):
        return functools.partial(_exists, name=name)


def _exists(torch, name):
    found = torch
    for part in name.removeprefix("torch.").split("."):
        if not hasattr(found, part):
            return False
        found = getattr(found, part)
    return True


CASES = _Names()


def tolerance(name):
    """Yes or no."""
    return {}
