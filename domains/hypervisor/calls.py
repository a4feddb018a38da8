"""The edge to libvirt's Python binding: its exceptions end here."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import libvirt

from domains.hypervisor.errors import Change, translate
from domains.hypervisor.openings import opening_failed


@contextmanager
def translated(change: Change | None = None) -> Iterator[None]:
    """Raise our own errors for what libvirt raises inside. ``change`` is what the call asks for."""
    begun = time.monotonic()
    try:
        yield
    except libvirt.libvirtError as error:
        seconds = time.monotonic() - begun
        raise translate(
            error.get_error_code(), error.get_error_domain(), str(error), change, seconds=seconds
        ) from error


@contextmanager
def opening() -> Iterator[None]:
    """Raise ``HostUnreachable`` for what libvirt raises inside."""
    try:
        yield
    except libvirt.libvirtError as error:
        code, number = error.get_error_code(), error.get_int1()
        raise opening_failed(code, number=number, text=str(error)) from error
