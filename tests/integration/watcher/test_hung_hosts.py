"""A host that takes connections and never answers is paused, resumed and removed like any other."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

from domains.models import Domain, Host
from domains.models.clock import now
from domains.operations.actor import Actor
from domains.operations.hosts import pause_host, remove_host, resume_host
from domains.watcher.parent import Parent
from tests.integration.watcher.conftest import HASTE, child_of, wait_for_domain, wait_for_host, watching
from tests.integration.watcher.test_failures import LIBVIRT
from tests.sick_hosts import LOOPBACK, mute_port
from tests.simulated_host import SimulatedHost
from tests.waiting import wait_until

ADA = Actor("ada", "page")


def test_mute_host_is_paused_resumed_and_removed(folder: Path, settings) -> None:
    settings.GATEWAY = LIBVIRT
    settings.ALLOW_TCP = True
    with mute_port() as port:
        host = Host.objects.create(
            slug="mute", transport="tcp", hostname=LOOPBACK, port=port, state_since=now()
        )
        with watching() as watcher:
            wait_for_host(host, last_error="The host does not answer.")
            pause_host(actor=ADA, slug="mute")
            wait_for_host(host, state="paused", last_error="")
            wait_until(lambda: child_of(watcher, host) is None, what="the end of its process")
            resume_host(actor=ADA, slug="mute")
            wait_until(lambda: child_of(watcher, host) is not None, what="another process")
            remove_host(actor=ADA, slug="mute")
            wait_until(lambda: host.pk not in watcher.holding.watches, what="the end of the watch")
    assert not Host.objects.exists()


def test_host_that_is_resumed_before_its_watcher_lets_go_is_not_called_unreachable(
    host: Host, simulated: SimulatedHost
) -> None:
    with watching(replace(HASTE, hosts=2.0)):
        wait_for_host(host, last_seen__isnull=False)
        pause_host(actor=ADA, slug="sim")
        resume_host(actor=ADA, slug="sim")
        host.refresh_from_db()
        seen = host.last_seen
        wait_until(Host.objects.filter(pk=host.pk, last_seen__gt=seen).exists, what="the next sign of life")
        host.refresh_from_db()
        assert (host.shown, host.last_error) == ("connected", "")


def test_host_that_froze_while_it_was_watched_is_removed_and_leaves_nothing(
    host: Host, simulated: SimulatedHost, watcher: Parent
) -> None:
    wait_for_domain(simulated.add_domain("web"))
    child = child_of(watcher, host)
    assert child
    os.kill(child, signal.SIGSTOP)
    remove_host(actor=ADA, slug="sim")
    wait_until(lambda: host.pk not in watcher.holding.watches, what="the end of the watch")
    wait_until(lambda: not Path(f"/proc/{child}").exists(), what="the end of its process")
    assert not Domain.objects.exists()
    assert not Host.objects.exists()


def test_host_that_was_removed_and_added_again_is_shown_anew(
    host: Host, simulated: SimulatedHost, watcher: Parent
) -> None:
    uuid = simulated.add_domain("web", present="0-1")
    before = wait_for_domain(uuid)
    remove_host(actor=ADA, slug="sim")
    Host.objects.create(slug="sim", socket=host.socket, state_since=now())
    wait_until(lambda: Domain.objects.filter(uuid=uuid).exclude(pk=before.pk).exists(), what="its guest")
