# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What a lost connection between two processes leaves behind."""

from collections.abc import Iterator

import pytest
import zmq
from zmq.utils.monitor import recv_monitor_message

from mstorch.distributed import _rendezvous

_LIMIT_MS = 60_000


@pytest.fixture
def context() -> Iterator[zmq.Context]:
    made = zmq.Context()
    yield made
    made.destroy(linger=0)


@pytest.mark.parametrize("survivor", ["the end that listened", "the end that connected"])
def test_what_came_before_a_connection_was_lost_can_still_be_read(
    survivor: str, context: zmq.Context
) -> None:
    listening, connecting = _rendezvous._peer_socket(context), _rendezvous._peer_socket(context)
    port = listening.bind_to_random_port("tcp://127.0.0.1")
    lost, kept = listening, connecting
    if survivor == "the end that listened":
        lost, kept = connecting, listening
    monitor = kept.get_monitor_socket()
    connecting.connect(f"tcp://127.0.0.1:{port}")
    lost.send(b"the last words")
    assert kept.poll(_LIMIT_MS)
    lost.close(linger=0)
    while recv_monitor_message(monitor)["event"] != zmq.EVENT_DISCONNECTED:
        assert monitor.poll(_LIMIT_MS)
    assert kept.poll(0)
    assert kept.recv(zmq.NOBLOCK) == b"the last words"
    kept.disable_monitor()
    monitor.close()
