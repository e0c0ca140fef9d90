# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What other packages offer for torch's tensors, offered for mstorch's. torch has no such part."""
