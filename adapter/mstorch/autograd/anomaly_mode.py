# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.autograd.anomaly_mode: an error where a derivative is not a number."""

import warnings

from mstorch import _accumulation
from mstorch._errors import module_getattr


def is_anomaly_enabled():
    """Whether derivatives are looked at."""
    return _accumulation.checks_for_nan


def is_anomaly_check_nan_enabled():
    """Whether derivatives are looked at."""
    return _accumulation.checks_for_nan


class set_detect_anomaly:
    """Switch the search for nan in derivatives, until the end of the with-block where there is
    one. The step that gave it is named; where it was recorded is not kept.
    """

    def __init__(self, mode, check_nan=True):
        self._before = _accumulation.checks_for_nan
        _accumulation.checks_for_nan = bool(mode) and check_nan

    def __enter__(self):
        return self

    def __exit__(self, *error):
        _accumulation.checks_for_nan = self._before


class detect_anomaly:
    """Search for nan in derivatives inside of a with-block."""

    def __init__(self, check_nan=True):
        self._check_nan = check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should "
            "only be enabled for debugging.",
            stacklevel=2,
        )

    def __enter__(self):
        self._inner = set_detect_anomaly(True, self._check_nan)

    def __exit__(self, *error):
        self._inner.__exit__(*error)


__getattr__ = module_getattr("torch.autograd.anomaly_mode")
