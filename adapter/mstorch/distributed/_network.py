# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Messages between the processes of a world, over ZeroMQ.

One thread owns the sockets. It runs tasks: generators that send messages and yield what they wait
for, `(rank, label)`, to be resumed with the message. A message is a list of two byte strings: what
the sender says that it is, and its content.
"""

import collections
import contextlib
import os
import threading
import time
import uuid

import zmq
from zmq.utils.monitor import recv_monitor_message

from mstorch.distributed import _rendezvous
from mstorch.distributed._errors import DistBackendError, DistNetworkError

_LEAVING = b"leaving"
_LOST = "its connection was lost: its process or machine has ended"


class Network:
    """This process's connections to all others of the world.

    Raises DistNetworkError or DistStoreError where they cannot be made within `timeout` seconds.
    """

    def __init__(self, rank, world_size, address, timeout):
        self._context = zmq.Context()
        self._commands = collections.deque()
        self._bell_lock = threading.Lock()
        try:
            self._sockets, self._monitors, self._descriptors = _rendezvous.connect_all(
                self._context, rank, world_size, address, timeout
            )
        except BaseException:
            self._context.destroy(linger=1000)
            raise
        self._process = os.getpid()
        self._inbox = collections.defaultdict(collections.deque)
        self._waiting = collections.defaultdict(collections.deque)
        self._gone = {}
        self._stopping = False
        name = f"inproc://{uuid.uuid4()}"
        self._bell, self._ear = self._context.socket(zmq.PAIR), self._context.socket(zmq.PAIR)
        self._ear.bind(name)
        self._bell.connect(name)
        self._thread = threading.Thread(target=self._serve, name="mstorch-network", daemon=True)
        self._thread.start()
        os.register_at_fork(after_in_child=self._close_in_child)

    def start(self, task) -> None:
        """Give a task to the thread."""
        if os.getpid() != self._process:
            raise RuntimeError(
                "torch.distributed was initialized before this process was forked, and works only "
                "in the process that initialized it"
            )
        if not self._thread.is_alive():
            raise DistBackendError("the process group was destroyed")
        self._command(task)

    def close(self) -> None:
        """Tell the others that this process leaves, deliver what was sent, and end the thread."""
        if os.getpid() != self._process or not self._thread.is_alive():
            return
        self._command(None)
        self._thread.join()
        self._bell.close()
        self._context.term()

    def _command(self, command):
        with self._bell_lock:
            self._commands.append(command)
            self._bell.send(b"")

    def _close_in_child(self):
        """A forked process must not hold connections open: they tell that this one is alive."""
        if os.getpid() != self._process:
            for descriptor in self._descriptors.values():
                os.close(descriptor)
            self._descriptors = {}

    # What follows runs in the thread.

    def send(self, peer, label, what, content=b"") -> None:
        """Send a message; for tasks."""
        if peer in self._gone:
            raise DistNetworkError(f"cannot send to rank {peer}: {self._gone[peer]}")
        try:
            self._sockets[peer].send_multipart([label.encode(), what, content], zmq.NOBLOCK)
        except zmq.Again as error:
            raise DistNetworkError(f"cannot send to rank {peer}: {_LOST}") from error

    def _serve(self):
        poller = zmq.Poller()
        for source in (self._ear, *self._sockets.values(), *self._monitors.values()):
            poller.register(source, zmq.POLLIN)
        while not self._stopping:
            ready = dict(poller.poll(self._patience()))
            if self._ear in ready:
                self._obey()
            for peer, peer_socket in self._sockets.items():
                if peer_socket in ready:
                    self._receive(peer)
                if self._monitors[peer] in ready:
                    self._look_after(peer)
            self._expire()
        self._leave()

    def _patience(self):
        """Milliseconds until the next task's time is up; None without any."""
        deadlines = [task.deadline for tasks in self._waiting.values() for task in tasks]
        return max(0, int(1000 * (min(deadlines) - time.monotonic())) + 1) if deadlines else None

    def _obey(self):
        while self._ear.poll(0):
            self._ear.recv()
            task = self._commands.popleft()
            if task is None:
                self._stopping = True
                return
            self._advance(task, None)

    def _receive(self, peer):
        peer_socket = self._sockets[peer]
        while peer_socket.poll(0):
            parts = peer_socket.recv_multipart()
            if parts[0] == _LEAVING:
                self._lose(peer, "it has left: its program ended or destroyed the process group")
                continue
            label = parts[0].decode()
            for key in ((peer, label), (None, label)):
                if self._waiting.get(key):
                    self._advance(self._waiting_no_more(key), (peer, *parts[1:]))
                    break
            else:
                self._inbox[(peer, label)].append(parts[1:])

    def _waiting_no_more(self, key):
        tasks = self._waiting[key]
        task = tasks.popleft()
        if not tasks:
            del self._waiting[key]
        return task

    def _look_after(self, peer):
        """Read the connection's events; what arrived before it was lost is read first."""
        monitor = self._monitors[peer]
        while monitor.poll(0):
            event = recv_monitor_message(monitor)
            if (
                event["event"] == zmq.EVENT_DISCONNECTED
                and event["value"] == self._descriptors[peer]
            ):
                self._receive(peer)
                self._lose(peer, _LOST)

    def _lose(self, peer, reason):
        if peer in self._gone:
            return
        self._gone[peer] = reason
        for key in list(self._waiting):
            for task in list(self._waiting[key]):
                if self._is_hopeless(key, task):
                    self._waiting[key].remove(task)
                    self._throw(task, self._loss(key))
            if not self._waiting[key]:
                del self._waiting[key]

    def _is_hopeless(self, key, task):
        sources = task.peers if key[0] is None else (key[0],)
        return all(peer in self._gone for peer in sources)

    def _loss(self, key):
        if key[0] is None:
            return DistNetworkError("nobody is left to receive from")
        return DistNetworkError(f"rank {key[0]} is lost: {self._gone[key[0]]}")

    def _advance(self, task, message):
        """Run a task until it ends or waits for what has not come."""
        while True:
            try:
                key = task.steps.send(message)
            except StopIteration as end:
                task.finish(end.value)
                return
            except Exception as error:
                task.fail(error)
                return
            message = self._take(key, task)
            if message is None:
                if self._is_hopeless(key, task):
                    self._throw(task, self._loss(key))
                else:
                    self._waiting[key].append(task)
                return

    def _take(self, key, task):
        for peer in task.peers if key[0] is None else (key[0],):
            messages = self._inbox.get((peer, key[1]))
            if messages:
                message = (peer, *messages.popleft())
                if not messages:
                    del self._inbox[(peer, key[1])]
                return message
        return None

    def _throw(self, task, error):
        task.steps.close()
        task.fail(error)

    def _expire(self):
        now = time.monotonic()
        for key in list(self._waiting):
            for task in [t for t in self._waiting[key] if t.deadline <= now]:
                self._waiting[key].remove(task)
                who = "any rank" if key[0] is None else f"rank {key[0]}"
                self._throw(
                    task, DistBackendError(f"timed out after {task.timeout:g} s waiting for {who}")
                )
            if not self._waiting[key]:
                del self._waiting[key]

    def _leave(self):
        for tasks in list(self._waiting.values()):
            for task in tasks:
                self._throw(task, DistBackendError("the process group was destroyed"))
        for peer, peer_socket in self._sockets.items():
            if peer not in self._gone:
                with contextlib.suppress(zmq.Again):  # it was lost this moment
                    peer_socket.send(_LEAVING, zmq.NOBLOCK)
            peer_socket.disable_monitor()
            peer_socket.close(linger=0 if peer in self._gone else 10_000)
        for monitor in self._monitors.values():
            monitor.close(linger=0)
        self._ear.close()
