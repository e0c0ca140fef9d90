# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The errors of torch.distributed. All are RuntimeErrors, as in torch."""


class DistError(RuntimeError):
    """Something went wrong between processes."""


class DistBackendError(DistError):
    """A collective or a transfer failed."""


class DistNetworkError(DistError):
    """A connection could not be made or was lost."""


class DistStoreError(DistError):
    """The processes did not find each other."""
