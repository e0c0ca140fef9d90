# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch_npu.contrib.transfer_to_npu, which there makes torch.cuda mean the NPU. Here one device
stands in for both, so importing this changes nothing.
"""
