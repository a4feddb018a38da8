"""libvirt's event loop: registered once per process, before the first connection, never before a fork."""

from __future__ import annotations

import os
import threading

import libvirt

from domains.hypervisor.errors import ForkedProcess

_BUSY_MS = 500  # the loop blocks for ever while it has nothing to wait for
_lock = threading.Lock()
_owner: list[int] = []  # the process that registered the loop, once there is one


def ensure_running() -> None:
    """Start the event loop in a daemon thread if this process has not done so yet.

    Raises ``ForkedProcess`` where a parent process had started it: libvirt cannot be used after such a fork.
    """
    with _lock:
        if _owner:
            if _owner[0] != os.getpid():
                raise ForkedProcess("libvirt was in use before this process was forked.")
            return
        libvirt.registerErrorHandler(_ignore, None)
        libvirt.virEventRegisterDefaultImpl()
        libvirt.virEventAddTimeout(_BUSY_MS, _ignore, None)
        _owner.append(os.getpid())
        threading.Thread(target=_run, name="libvirt-events", daemon=True).start()


def _run() -> None:
    while True:
        libvirt.virEventRunDefaultImpl()


def _ignore(*_: object) -> None:
    """Do nothing: errors reach their caller as exceptions, and the timer only keeps the loop turning."""
