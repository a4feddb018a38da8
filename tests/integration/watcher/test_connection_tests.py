"""Connection tests as watchers make them: real sockets, real ssh and TLS, and libvirt's own client library."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from domains.hypervisor.openings import SENTENCES
from domains.inventory import connectiontests
from domains.models import ConnectionTest, Host
from domains.models.clock import now
from tests.integration.watcher.conftest import HASTE, watching
from tests.integration.watcher.test_failures import LIBVIRT
from tests.processes import commands_with
from tests.product import free_port
from tests.sick_hosts import LOOPBACK, SshServer, certify, mute_port, strange_tls
from tests.simulated_host import SimulatedHost
from tests.waiting import wait_until

BRIEF = replace(HASTE, test=2.0)


def ask(**fields) -> ConnectionTest:
    return ConnectionTest.objects.create(actor="ada", created_at=now(), **fields)


def answer_to(test: ConnectionTest, seconds: float = 30) -> ConnectionTest:
    wait_until(ConnectionTest.objects.filter(pk=test.pk, ended_at__isnull=False).exists, seconds, "an answer")
    return ConnectionTest.objects.get(pk=test.pk)


def answered(**fields) -> ConnectionTest:
    with watching():
        return answer_to(ask(**fields))


@pytest.fixture
def real(folder: Path, settings) -> Path:
    """Tests by libvirt's own client library, with plain tcp and a folder of credentials allowed."""
    settings.GATEWAY = LIBVIRT
    settings.ALLOW_TCP = True
    settings.CREDENTIAL_DIR = str(folder)
    return folder


@pytest.fixture
def ssh_server(real: Path, settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    server = SshServer(tmp_path)
    settings.CREDENTIAL_DIR = str(server.keys)
    monkeypatch.setenv("PATH", str(server.bin), prepend=":")
    with server.running():
        yield server


def test_host_that_answers_tells_what_it_is(folder: Path, simulated: SimulatedHost) -> None:
    simulated.add_domain("web")
    simulated.add_domain("db")
    test = answered(socket=str(simulated.path))
    assert (test.answer, test.sentence) == ("connected", "The connection stands.")
    assert test.found == {
        "libvirt_version": 12_008_000,
        "hypervisor": "QEMU",
        "hypervisor_version": 11_001_002,
        "cpus": 16,
        "specific": True,  # which only a connection that may write can ask
        "asynchronous": True,
        "domains": 2,
        "round_trip": test.found["round_trip"],
    }
    assert test.found["round_trip"] > 0


def test_forbidden_address_is_never_opened(folder: Path) -> None:
    test = answered(socket="/etc/passwd")
    assert (test.answer, test.sentence) == ("address", f"The socket must lie below {folder}.")


def test_name_that_does_not_resolve(real: Path) -> None:
    assert answered(transport="tcp", hostname="no-such-host.invalid").answer == "name"


def test_port_that_refuses(real: Path) -> None:
    assert answered(transport="tcp", hostname=LOOPBACK, port=free_port()).answer == "refused"


def test_port_that_never_answers_is_given_up(real: Path) -> None:
    with mute_port() as port, watching(BRIEF):
        mute = [ask(transport="tcp", hostname=LOOPBACK, port=port) for _ in range(3)]
        for test in mute:
            found = answer_to(test)
            assert (found.answer, found.sentence) == ("no_answer", SENTENCES["no_answer"])


def test_tests_of_mute_hosts_hold_up_no_other(real: Path) -> None:
    with mute_port() as port, watching():
        mute = [ask(transport="tcp", hostname=LOOPBACK, port=port) for _ in range(3)]
        assert answer_to(ask(transport="tcp", hostname=LOOPBACK, port=free_port())).answer == "refused"
        assert not ConnectionTest.objects.filter(pk__in=[test.pk for test in mute], ended_at__isnull=False)


def test_socket_that_is_missing(real: Path) -> None:
    assert answered(socket=str(real / "nobody")).answer == "no_socket"


def test_certificate_that_nobody_vouches_for(real: Path, tmp_path: Path) -> None:
    certify(real / "ours")
    with strange_tls(tmp_path) as port:
        fields = {"transport": "tls", "hostname": LOOPBACK, "port": port}
        assert answered(**fields, credential="ours").answer == "certificate"


def test_certificates_of_our_own_that_are_missing(real: Path) -> None:
    (real / "empty").mkdir()
    test = answered(transport="tls", hostname=LOOPBACK, port=free_port(), credential="empty")
    assert test.answer == "certificate"
    assert str(real) not in test.sentence


def test_ssh_host_is_told_by_key_credentials_and_what_is_behind(ssh_server: SshServer) -> None:
    there = {"transport": "ssh", "hostname": LOOPBACK, "port": ssh_server.port, "username": ssh_server.user}
    with watching():
        assert answer_to(ask(**there, credential="good")).answer == "host_key"
        ssh_server.be_known()
        assert answer_to(ask(**there, credential="bad")).answer == "authentication"
        assert answer_to(ask(**there, credential="good")).answer == "no_libvirt"
        assert answer_to(ask(**there | {"port": free_port()})).answer == "refused"
        assert answer_to(ask(**there | {"hostname": "no-such-host.invalid"})).answer == "name"


def test_ssh_that_waits_for_a_silent_host_is_not_left_behind(ssh_server: SshServer) -> None:
    with mute_port() as port, watching(BRIEF):
        assert answer_to(ask(transport="ssh", hostname=LOOPBACK, port=port)).answer == "no_answer"
        wait_until(lambda: not commands_with(f"-p {port}"), what="the end of ssh")


def test_watchers_own_connection_fails_with_the_same_words(ssh_server: SshServer) -> None:
    host = Host.objects.create(
        slug="far", transport="ssh", hostname=LOOPBACK, port=ssh_server.port, state_since=now()
    )
    with watching():
        wait_until(
            Host.objects.filter(pk=host.pk, last_error=SENTENCES["host_key"]).exists, what="the reason"
        )


def test_test_is_made_once_by_several_watchers(folder: Path, simulated: SimulatedHost) -> None:
    with watching(), watching():
        tests = [ask(socket=str(simulated.path)) for _ in range(6)]
        assert {answer_to(test).answer for test in tests} == {"connected"}
    log = [test.watcher for test in ConnectionTest.objects.all()]
    assert len(log) == 6
    assert all(log)


def test_test_that_its_watcher_left_is_lost(real: Path) -> None:
    with mute_port() as port:
        with watching():
            test = ask(transport="tcp", hostname=LOOPBACK, port=port)
            wait_until(
                ConnectionTest.objects.filter(pk=test.pk, taken_at__isnull=False).exists, what="its begin"
            )
        test.refresh_from_db()
    assert test.ended_at is None
    assert test.standing(test.taken_at + timedelta(seconds=41)) == "lost"


def test_old_tests_are_forgotten_and_never_made(folder: Path, simulated: SimulatedHost) -> None:
    old = ask(socket=str(simulated.path))
    ConnectionTest.objects.filter(pk=old.pk).update(created_at=now() - timedelta(days=2))
    late = ask(socket=str(simulated.path))
    ConnectionTest.objects.filter(pk=late.pk).update(created_at=now() - timedelta(minutes=2))
    with watching(HASTE):
        wait_until(lambda: not ConnectionTest.objects.filter(pk=old.pk).exists(), what="the old one's end")
    late.refresh_from_db()
    assert (late.taken_at, late.standing(now())) == (None, "given_up")


def test_answer_of_a_host_that_was_removed_meanwhile_is_dropped(host: Host) -> None:
    test = ask(host=host, socket=host.socket)
    taken = connectiontests.take("one")
    assert connectiontests.take("two") is None
    host.delete()
    connectiontests.failed(taken, "no_answer")
    assert not ConnectionTest.objects.filter(pk=test.pk).exists()
