# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""A library that needs nothing, converted by the build."""

SIDES = 4
