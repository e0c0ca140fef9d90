# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Messages between the processes of a world, over ZeroMQ.

One thread owns the sockets. It runs tasks: generators that send messages and yield what they wait
for, `(rank, label)`, to be resumed with the message. A message is a list of two byte strings: what
the sender says that it is, and its content.
"""

import collections
import contextlib
import json
import os
import threading
import time
import uuid

import zmq
from zmq.utils.monitor import recv_monitor_message

from mstorch.distributed import _rendezvous
from mstorch.distributed._errors import DistBackendError, DistNetworkError

_LEAVING, _FAREWELL, _GIVING_UP = b"leaving", b"farewell", b"giving up"
_FAREWELL_S = 10
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
        self._given_up = {}
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

    def give_up(self, peers, stem, error) -> None:
        """Tell others that no message with a label of this stem will come any more; for tasks."""
        lost = isinstance(error, DistNetworkError)
        content = json.dumps({"stem": stem, "lost": lost, "reason": str(error)}).encode()
        for peer in peers:
            self._say(peer, _GIVING_UP, content)

    def _say(self, peer, *parts):
        if peer not in self._gone:
            with contextlib.suppress(zmq.Again):  # it was lost this moment
                self._sockets[peer].send_multipart(parts, zmq.NOBLOCK)

    def _serve(self):
        poller = zmq.Poller()
        for source in (self._ear, *self._sockets.values(), *self._monitors.values()):
            poller.register(source, zmq.POLLIN)
        while not self._stopping:
            ready = dict(poller.poll(self._patience()))
            if self._ear in ready:
                self._obey()
            self._attend(ready)
            self._expire()
        self._end_tasks()
        poller.unregister(self._ear)
        self._leave(poller)

    def _attend(self, ready):
        for peer, peer_socket in self._sockets.items():
            if peer_socket in ready:
                self._receive(peer)
            if self._monitors[peer] in ready:
                self._look_after(peer)

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
            if parts[0] in (_LEAVING, _FAREWELL):
                if parts[0] == _LEAVING:
                    self._say(peer, _FAREWELL)
                self._lose(peer, "it has left: its program ended or destroyed the process group")
            elif parts[0] == _GIVING_UP:
                told = json.loads(parts[1])
                self._given_up[(peer, told["stem"])] = told
                self._throw_where(self._hopelessness)
            else:
                self._deliver(peer, parts[0].decode(), parts[1:])

    def _deliver(self, peer, label, content):
        for key in ((peer, label), (None, label)):
            if self._waiting.get(key):
                self._advance(self._waiting_no_more(key), (peer, *content))
                return
        self._inbox[(peer, label)].append(content)

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
        if peer not in self._gone:
            self._gone[peer] = reason
            self._throw_where(self._hopelessness)

    def _hopelessness(self, key, task):
        """The error of a task that waits for what will never come, None while it may."""
        told = self._given_up.get((key[0], key[1].rpartition(":")[0]))
        if told is not None:
            kind = DistNetworkError if told["lost"] else DistBackendError
            return kind(f"rank {key[0]} gave up: {told['reason']}")
        if any(peer not in self._gone for peer in (task.peers if key[0] is None else (key[0],))):
            return None
        if key[0] is None:
            return DistNetworkError("nobody is left to receive from")
        return DistNetworkError(f"rank {key[0]} is lost: {self._gone[key[0]]}")

    def _throw_where(self, problem):
        """Throw to each waiting task the error that `problem(key, task)` finds for it."""
        for key in list(self._waiting):
            for task in list(self._waiting[key]):
                error = problem(key, task)
                if error is not None:
                    self._waiting[key].remove(task)
                    self._throw(task, error)
            if not self._waiting[key]:
                del self._waiting[key]

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
                error = self._hopelessness(key, task)
                if error is not None:
                    self._throw(task, error)
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
        try:
            task.steps.throw(error)
        except Exception as raised:
            task.fail(raised)

    def _expire(self):
        now = time.monotonic()

        def lateness(key, task):
            if task.deadline > now:
                return None
            who = "any rank" if key[0] is None else f"rank {key[0]}"
            return DistBackendError(f"timed out after {task.timeout:g} s waiting for {who}")

        self._throw_where(lateness)

    def _end_tasks(self):
        self._throw_where(lambda key, task: DistBackendError("the process group was destroyed"))

    def _leave(self, poller):
        """Say so, and end the connections once everybody has said farewell or has ended."""
        for peer in self._sockets:
            self._say(peer, _LEAVING)
        deadline = time.monotonic() + _FAREWELL_S
        while len(self._gone) < len(self._sockets) and (left := deadline - time.monotonic()) > 0:
            self._attend(dict(poller.poll(1000 * left)))
        for peer_socket in self._sockets.values():
            peer_socket.disable_monitor()
            peer_socket.close(linger=0)
        for monitor in self._monitors.values():
            monitor.close(linger=0)
        self._ear.close()
