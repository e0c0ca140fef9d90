# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Asked what there is, torch.cuda answers what PyTorch's CPU build answers."""

import pytest

import against_torch


@pytest.mark.parametrize("name", against_torch.names("devices"))
def test_a_question_about_devices_has_the_answer_of_torch(
    reference: against_torch.Reference, name: str
) -> None:
    against_torch.compare(reference, "devices", name)
