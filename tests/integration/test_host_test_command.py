"""``manage.py host test``: asked on the command line, made by a watcher, answered in the words of the page."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from domains.models import ConnectionTest, HistoryEntry
from tests.integration.watcher.conftest import folder, host, simulated, watching  # noqa: F401  # fixtures
from tests.integration.watcher.test_failures import LIBVIRT


def run(*arguments: str) -> tuple[str, int]:
    out = StringIO()
    try:
        call_command("host", "test", *arguments, stdout=out)
    except SystemExit as ending:
        return out.getvalue(), int(ending.code)
    return out.getvalue(), 0


def test_host_that_answers_is_described_and_succeeds(host, simulated):  # noqa: F811
    simulated.add_domain("web")
    with watching():
        told, status = run("sim", "--wait=30")
    assert status == 0
    assert told.startswith("The connection stands.\n")
    for line in ("libvirt: 12.8.0", "QEMU: 11.1.2", "CPUs: 16", "Domains: 1", "plugs a vCPU by its ID"):
        assert line in told


def test_what_is_in_the_way_is_said_with_what_to_do(folder, settings):  # noqa: F811
    settings.GATEWAY = LIBVIRT
    with watching():
        told, status = run("new", "--uri", f"qemu+unix:///system?socket={folder}/nobody", "--wait", "30")
    assert status == 1
    assert told.splitlines()[0] == "There is no libvirt socket where this host should have one."
    assert "systemctl status" in told


def test_without_a_watcher_nobody_is_waited_for_longer_than_asked(host):  # noqa: F811
    told, status = run("sim", "--wait=0.3")
    assert status == 3
    assert told == "A watcher is about to take this test up.\n"


def test_without_wait_the_test_is_only_asked_for(host):  # noqa: F811
    told, status = run("sim")
    test = ConnectionTest.objects.get()
    assert (status, test.host, test.taken_at) == (0, host, None)
    assert f"Test {test.pk} waits for a watcher; its answer will stand at /hosts/tests/{test.pk}/." in told
    assert [entry.kind for entry in HistoryEntry.objects.all()] == ["host_tested"]


def test_stored_host_is_tested_with_another_switch(host):  # noqa: F811
    run("sim", "--monitor")
    test = ConnectionTest.objects.get()
    assert (test.host, test.socket, test.monitor, host.monitor) == (host, host.socket, True, False)


@pytest.mark.parametrize("uri", ["qemu+ext:///system", "qemu+unix:///system?socket=/etc/passwd"])
def test_forbidden_address_is_refused_and_becomes_no_test(folder, uri):  # noqa: F811
    with pytest.raises(CommandError, match=r"Choose unix|must lie below"):
        run("new", "--uri", uri, "--wait")
    assert not ConnectionTest.objects.exists()
