# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The error of a checkpoint that failed on some processes."""

import traceback

from mstorch._errors import module_getattr

WRAPPED_EXCEPTION = tuple[BaseException, traceback.StackSummary]


def _wrap_exception(error):
    """An error with where it came from, in a form that can be sent to other processes."""
    return (error, traceback.extract_tb(error.__traceback__))


def _is_wrapped_exception(value):
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and isinstance(value[0], BaseException)
        and isinstance(value[1], traceback.StackSummary)
    )


class CheckpointException(BaseException):
    """Failures of several processes, by number."""

    def __init__(self, msg, failures):
        super().__init__(msg, failures)
        self._failures = failures

    @property
    def failures(self):
        """The errors, by the number of their process, each with a stack."""
        return self._failures

    def __str__(self):
        lines = [f"CheckpointException ranks:{self._failures.keys()}\n"]
        for rank, (error, stack) in self._failures.items():
            lines.append(f"Traceback (most recent call last): (RANK {rank})\n")
            lines += traceback.format_list(stack or ())
            lines += traceback.format_exception_only(type(error), value=error)
        return "".join(lines)


__getattr__ = module_getattr("torch.distributed.checkpoint.api")
