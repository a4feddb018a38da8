"""The process that holds one host's connection, and may be killed at any time: libvirt's open has no deadline.

It knows no database. The parent tells it what to open and what to read; it says what it sees.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from hashlib import blake2b
from importlib import import_module
from queue import SimpleQueue
from typing import BinaryIO, NoReturn, Protocol

from domains.hypervisor.errors import ConnectionLost, DomainNotFound, GatewayError, HostUnreachable
from domains.hypervisor.events import DomainHint, HintCallback, HintKind
from domains.hypervisor.gateway import DomainStatistics, Gateway
from domains.hypervisor.openings import Obstacle
from domains.watcher.messages import (
    Alive,
    Changed,
    Ended,
    Failed,
    Follow,
    Hello,
    Look,
    Looked,
    Message,
    Missing,
    Open,
    Read,
    Reading,
    Refused,
    Used,
    decode,
    encode,
)
from domains.watcher.usage import Usage

READERS = 3  # a domain whose reading waits for a job must not hold up the others
SETTLING = (
    0.01,
    0.02,
    0.04,
    0.08,
    0.15,
    0.3,
    0.6,
    1.0,
)  # seconds; libvirt follows QEMU's event a little later
LOST = "The connection to the host was lost."
_VCPU_ALIAS = re.compile(r"vcpu(\d{1,4})")
Task = Callable[[], None]

logger = logging.getLogger(__name__)


class Watched(Gateway, Protocol):
    """A gateway that also tells cheaply, or by itself, that something is different."""

    def ping(self) -> None:
        """Have the host answer in the cheapest way there is."""

    def description(self, uuid: str) -> str:
        """Give a text that is another whenever a reading would be. Raises ``DomainNotFound``."""

    def subscribe(self, callback: HintCallback) -> None:
        """Have every hint handed to ``callback``, in a thread of the gateway's own."""


class Child:
    """One connection and the conversation about it."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._gateway: Watched
        self._sent: dict[str, bytes] = {}  # the digest of what was last read, by domain
        self._reads: SimpleQueue[Task] = SimpleQueue()
        self._looks: SimpleQueue[Task] = SimpleQueue()
        self._usage = Usage()

    def run(self, order: Open) -> NoReturn:
        """Open the connection and watch it until it breaks. May hang for ever in libvirt."""
        try:
            self._gateway = _gateway(order)
            for tasks in [self._looks, *[self._reads] * READERS]:
                threading.Thread(target=self._work, args=(tasks,), daemon=True).start()
            self._gateway.subscribe(self.hint)
            self._watch(order.interval)
        except HostUnreachable as error:
            self.end(error.text, error.obstacle, error.said)
        except ConnectionLost:
            self.end(LOST, Obstacle.BROKEN_OFF)
        except GatewayError as error:
            logger.warning("The host could not be read: %s (code %s)", error.text, error.code)
            self.end("The host took the connection, but does not say how its domains are.")

    def obey(self, message: Message) -> None:
        """Take an order from the parent."""
        if isinstance(message, Read):
            self._reads.put(partial(self._read, message))
        elif isinstance(message, Look):
            self._looks.put(partial(self._look, message))
        elif isinstance(message, Follow):
            self._usage.follow(message.uuids)

    def hint(self, hint: DomainHint) -> None:
        """Pass a sign of a change on. A slot that was let go is looked at until libvirt shows it too."""
        vcpu = hint.detail.get("vcpu")
        if hint.kind is HintKind.CLOSED:
            self.end(LOST)
        elif hint.kind is HintKind.VCPU_REMOVED and isinstance(vcpu, int):
            self._reads.put(partial(self._settle, hint.uuid, vcpu))
        elif hint.kind is HintKind.OST and isinstance(vcpu, int):
            if hint.detail["outcome"] == "refused":
                self._refused(hint.uuid, vcpu, str(hint.detail["text"]))
        elif hint.kind is HintKind.REMOVAL_FAILED:
            alias = _VCPU_ALIAS.fullmatch(str(hint.detail["device"]))
            if alias:
                self._refused(hint.uuid, int(alias[1]), "the guest rejected the removal")
        else:
            self.send(Changed((hint.uuid,)))

    def send(self, message: Message) -> None:
        """Write one message; the parent's end being gone ends this process."""
        line = encode(message)
        with self._lock:
            try:
                self._out.write(line)
                self._out.flush()
            except (BrokenPipeError, ConnectionResetError):
                os._exit(0)

    def end(self, sentence: str, obstacle: str = "", said: str = "") -> NoReturn:
        """Say why, and end at once, whatever the other threads are waiting for."""
        self.send(Ended(sentence, obstacle, said))
        os._exit(0)

    def _refused(self, uuid: str, vcpu: int, text: str) -> None:
        self.send(Refused(uuid, vcpu, text, time.monotonic()))

    def _watch(self, interval: float) -> NoReturn:
        host = self._gateway.read_host()
        known = {line.uuid: signs(line) for line in self._gateway.read_statistics()}
        self.send(Hello(host, tuple(known)))
        while True:
            self.send(Alive(self._round_trip()))
            time.sleep(interval)
            lines = self._gateway.read_statistics(self._usage.followed)
            seen = {line.uuid: signs(line) for line in lines}
            changed = [uuid for uuid in known.keys() | seen.keys() if known.get(uuid) != seen.get(uuid)]
            if changed:
                self.send(Changed(tuple(changed)))
            known = seen
            if shares := self._usage.take(time.monotonic(), lines):
                self.send(Used(shares))

    def _round_trip(self) -> float:
        began = time.monotonic()
        self._gateway.ping()
        return round((time.monotonic() - began) * 1000, 2)

    def _work(self, tasks: SimpleQueue[Task]) -> None:
        while True:
            task = tasks.get()
            try:
                task()
            except ConnectionLost:
                self.end(LOST)

    def _read(self, order: Read) -> None:
        try:
            before = self._digest(order.uuid)  # what changes from here on makes the sweep find a difference
            reading = self._gateway.read_domain(order.uuid)
        except DomainNotFound:
            self._sent.pop(order.uuid, None)
            self.send(Missing(order.token))
        except ConnectionLost:
            raise
        except GatewayError as error:
            self.send(Failed(order.token, error.text))
        else:
            self._sent[order.uuid] = before
            self.send(Reading(order.token, reading))

    def _look(self, order: Look) -> None:
        self.send(Looked(tuple(uuid for uuid in order.uuids if self._differs(uuid))))

    def _differs(self, uuid: str) -> bool:
        try:
            return self._digest(uuid) != self._sent.get(uuid)
        except ConnectionLost:
            raise
        except GatewayError:
            return True  # whatever it is, the parent's reading will say it

    def _digest(self, uuid: str) -> bytes:
        return blake2b(self._gateway.description(uuid).encode(errors="replace"), digest_size=16).digest()

    def _settle(self, uuid: str, vcpu: int) -> None:
        for pause in SETTLING:
            try:
                live = self._gateway.read_domain(uuid).live
            except ConnectionLost:
                raise
            except GatewayError:
                break
            if live is None or vcpu not in live.present:
                break
            time.sleep(pause)
        self.send(Changed((uuid,)))


def signs(line: DomainStatistics) -> tuple[object, ...]:
    """Give what of the statistics shows that a domain is another than before."""
    return (line.name, line.state, line.current, line.maximum, line.present, line.libvirt_id)


def _gateway(order: Open) -> Watched:
    module, _, name = order.gateway.rpartition(".")
    gateway: Watched = getattr(import_module(module), name)(
        order.uri, readonly=not (order.monitor or order.write), monitor=order.monitor
    )
    return gateway


def _listen(orders: BinaryIO, child: Child) -> None:
    with contextlib.suppress(ConnectionResetError):
        for line in orders:
            child.obey(decode(line))
    os._exit(0)  # the parent is gone, or wants this process to be


def _die(failure: threading.ExceptHookArgs) -> None:
    """A thread that fails would leave a process that looks well and does nothing."""
    threading.__excepthook__(failure)
    os._exit(1)


def main() -> None:
    """Do what the parent says on standard input, until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which ends this process
    threading.excepthook = _die
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing else may write between the messages
    orders = sys.stdin.buffer
    order = decode(orders.readline())
    if not isinstance(order, Open):
        raise TypeError("The first message must say what to open.")
    child = Child(out)
    threading.Thread(target=_listen, args=(orders, child), daemon=True).start()
    child.run(order)


if __name__ == "__main__":
    main()
