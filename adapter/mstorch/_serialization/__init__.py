# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The formats of torch.save, apart from its interface: the archive, the pickle in it, and the
format before archives.
"""
