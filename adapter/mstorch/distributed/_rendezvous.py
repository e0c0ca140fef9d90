# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""How the processes of a world find each other and connect: one TCP connection a pair.

Rank 0 listens at the meeting place. Each other process tells it where it listens itself, and gets
the table of all when everybody has come. Then of each pair the higher rank connects to a port that
the lower one opened for it alone; a pair of sockets takes no third.
"""

import json
import secrets
import socket
import time

import zmq
from zmq.utils.monitor import recv_monitor_message

from mstorch.distributed._errors import DistNetworkError, DistStoreError

# A peer whose host stops answering counts as lost after this time; a process that ends is noticed
# at once by its closed connection.
_HEARTBEAT_MS = 10_000
_SILENCE_MS = 60_000
# A lost connection is not made again. Time enough says so without the option that forbids it, with
# which ZeroMQ drops what came before the loss and was not read yet.
_NEVER_MS = 2**31 - 1


def connect_all(context, rank, world_size, address, timeout):
    """Sockets, their monitors and the descriptors of their connections, by rank of the peer."""
    deadline = time.monotonic() + timeout
    host = _own_address(address)
    sockets = {peer: _peer_socket(context) for peer in range(world_size) if peer != rank}
    monitors = {peer: s.get_monitor_socket() for peer, s in sockets.items()}
    ports = {
        peer: s.bind_to_random_port(f"tcp://{host}") for peer, s in sockets.items() if peer > rank
    }
    me = {"rank": rank, "world_size": world_size, "host": host, "ports": ports}
    meet = _gather_table if rank == 0 else _ask_for_table
    table, token = meet(context, me, address, deadline)
    for peer in range(rank):
        sockets[peer].connect(f"tcp://{table[peer]['host']}:{table[peer]['ports'][str(rank)]}")
    descriptors = _await_connections(monitors, deadline)
    _introduce(rank, sockets, token, deadline)
    return sockets, monitors, descriptors


def _peer_socket(context):
    made = context.socket(zmq.PAIR)
    made.set(zmq.SNDHWM, 0)
    made.set(zmq.RCVHWM, 0)
    made.set(zmq.RECONNECT_IVL, _NEVER_MS)
    made.set(zmq.HEARTBEAT_IVL, _HEARTBEAT_MS)
    made.set(zmq.HEARTBEAT_TIMEOUT, _SILENCE_MS)
    made.set(zmq.LINGER, 10_000)
    return made


def _resolve(host):
    try:
        return socket.gethostbyname(host)
    except OSError as error:
        raise DistNetworkError(
            f"the address {host!r} of rank 0 cannot be found: {error}"
        ) from error


def _own_address(address):
    """This machine's address on the way to rank 0."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((_resolve(address[0]), address[1]))
        except OSError as error:
            raise DistNetworkError(f"there is no way to rank 0 at {address[0]}: {error}") from error
        return probe.getsockname()[0]


def _left(deadline):
    return max(0, int(1000 * (deadline - time.monotonic())))


def _gather_table(context, me, address, deadline):
    """Rank 0's part: await everybody, then tell everybody about everybody."""
    door = context.socket(zmq.ROUTER)
    door.set(zmq.LINGER, 10_000)
    try:
        door.bind(f"tcp://{_resolve(address[0])}:{address[1]}")
    except zmq.ZMQError as error:
        raise DistNetworkError(
            f"rank 0 cannot listen at {address[0]}:{address[1]}: {error}; MASTER_ADDR must be an "
            "address of its machine, and MASTER_PORT a free port there"
        ) from error
    with door:
        table, names = {0: me}, {}
        while len(table) < me["world_size"]:
            if not door.poll(_left(deadline)):
                absent = sorted(set(range(me["world_size"])) - set(table))
                raise DistStoreError(
                    f"timed out waiting for the processes of ranks {absent} to come to "
                    f"{address[0]}:{address[1]}"
                )
            name, message = door.recv_multipart()
            guest = json.loads(message)
            problem = _misfit(guest, me["world_size"], table)
            if problem:
                for guest_name in (*names.values(), name):
                    door.send_multipart([guest_name, json.dumps({"problem": problem}).encode()])
                raise DistStoreError(problem)
            table[guest["rank"]], names[guest["rank"]] = guest, name
        token = secrets.token_hex(16)
        rows = [table[rank] for rank in range(me["world_size"])]
        answer = json.dumps({"table": rows, "token": token}).encode()
        for name in names.values():
            door.send_multipart([name, answer])
    return rows, token


def _misfit(guest, world_size, table):
    if guest["world_size"] != world_size:
        return (
            f"rank {guest['rank']} expects a world of {guest['world_size']} processes, and rank 0 "
            f"one of {world_size}"
        )
    if guest["rank"] in table:
        return f"two processes say that they are rank {guest['rank']}"
    return None


def _ask_for_table(context, me, address, deadline):
    """Everybody else's part."""
    with context.socket(zmq.DEALER) as door:
        door.set(zmq.LINGER, 0)
        door.connect(f"tcp://{_resolve(address[0])}:{address[1]}")
        door.send(json.dumps(me).encode())
        if not door.poll(_left(deadline)):
            raise DistStoreError(
                f"rank {me['rank']} timed out waiting for rank 0 at {address[0]}:{address[1]} to "
                "say that everybody has come"
            )
        answer = json.loads(door.recv())
    if "problem" in answer:
        raise DistStoreError(answer["problem"])
    return answer["table"], answer["token"]


def _await_connections(monitors, deadline):
    """Wait until every pair has shaken hands; the descriptors of the connections by peer."""
    waiting, descriptors = set(monitors), {}
    poller = zmq.Poller()
    for monitor in monitors.values():
        poller.register(monitor, zmq.POLLIN)
    while waiting:
        if not poller.poll(_left(deadline)):
            raise DistNetworkError(f"timed out connecting to the ranks {sorted(waiting)}")
        for peer, monitor in monitors.items():
            while monitor.poll(0):
                event = recv_monitor_message(monitor)
                if peer in waiting and event["event"] in (zmq.EVENT_CONNECTED, zmq.EVENT_ACCEPTED):
                    descriptors[peer] = event["value"]
                elif event["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                    waiting.discard(peer)
                elif event["event"] == zmq.EVENT_DISCONNECTED:
                    raise DistNetworkError(f"rank {peer} ended while the world was connecting")
    return descriptors


def _introduce(rank, sockets, token, deadline):
    """Each end proves that it was at the meeting."""
    for peer_socket in sockets.values():
        peer_socket.send(f"{token} {rank}".encode())
    for peer, peer_socket in sockets.items():
        if not peer_socket.poll(_left(deadline)):
            raise DistNetworkError(f"timed out waiting for rank {peer} to introduce itself")
        if peer_socket.recv() != f"{token} {peer}".encode():
            raise DistNetworkError(f"a stranger connected in the place of rank {peer}")
