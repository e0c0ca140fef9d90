# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""How a module of cases collects them."""


class Cases(dict):
    """Programs by name, in the order of the file."""

    def case(self, function):
        """Decorator: add a function, called with the framework, under its name."""
        self[function.__name__] = function
        return function
