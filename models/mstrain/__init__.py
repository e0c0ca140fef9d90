# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""A small trainer for DeepSeek-V3-shaped models built from megatron-core's own classes."""
