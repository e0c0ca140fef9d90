# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The one exception that the command line turns into a line on stderr and exit status 2."""


class UsageError(Exception):
    """Bad usage or bad input; the message names the thing, the place and the remedy."""
