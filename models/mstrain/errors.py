# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What a user can get wrong, told in one line."""


class UserError(Exception):
    """A mistake in the input or a lack on the machine: what, where and the remedy in one line."""


class StoppedError(Exception):
    """The run was asked to stop by a signal.

    Attributes:
        signum: number of the signal; the process exits with 128 + signum.
    """

    def __init__(self, signum: int, message: str) -> None:
        super().__init__(message)
        self.signum = signum
