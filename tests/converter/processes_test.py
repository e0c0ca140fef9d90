# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""One function over many items in several processes: as if there were one."""

import os

import pytest

from torch2ms import processes


def nothing(taken):
    pass


@pytest.mark.parametrize("count", [0, 1, 2, 2048, 2049, 5000])
def test_results_come_in_the_order_of_the_items(count):
    assert processes.each(str, range(count), 3, nothing) == [str(item) for item in range(count)]


def test_the_error_of_the_first_item_that_has_one_is_raised():
    def refuse(item):
        if item >= 1234:
            raise LookupError(item)

    with pytest.raises(LookupError) as caught:
        processes.each(refuse, range(5000), 3, nothing)
    assert caught.value.args == (1234,)


def test_progress_only_grows_and_ends_with_all():
    told = []
    processes.each(abs, range(5000), 3, told.append)
    assert told == sorted(told) and told[-1] == 5000


def test_no_file_stays_open():
    before = os.listdir("/proc/self/fd")
    processes.each(abs, range(100), 3, nothing)
    assert os.listdir("/proc/self/fd") == before
