from __future__ import annotations

import errno
import os

import pytest

from domains.hypervisor.openings import SENTENCES, Obstacle, no_connection, opening_failed, socket_obstacle
from domains.vcpu.reasons import Reason

# As libvirt 9.0 says them: code, the system's error number, text.
SAID = [
    (38, -1, "Unable to resolve address 'rack1' service '16509': Name or service not known", Obstacle.NAME),
    (38, 104, "Cannot recv data: ssh: Could not resolve hostname rack1: Name or service not known: Connection"
     " reset by peer", Obstacle.NAME),
    (38, 111, "unable to connect to server at '127.0.0.1:1': Connection refused", Obstacle.REFUSED),
    (38, 104, "Cannot recv data: ssh: connect to host 127.0.0.1 port 1: Connection refused: Connection reset by"
     " peer", Obstacle.REFUSED),
    (38, 101, "unable to connect to server at '192.0.2.1:99': Network is unreachable", Obstacle.NO_ROUTE),
    (38, 104, "Cannot recv data: ssh: connect to host 192.0.2.1 port 22: No route to host: Connection reset by"
     " peer", Obstacle.NO_ROUTE),
    (38, 110, "unable to connect to server at '192.0.2.1:99': Connection timed out", Obstacle.NO_ANSWER),
    (38, 2, "Failed to connect socket to '/run/libvirt/nothere': No such file or directory", Obstacle.NO_SOCKET),
    (38, 13, "Failed to connect socket to '/run/libvirt/libvirt-sock': Permission denied", Obstacle.PERMISSION),
    (38, 2, "Cannot read CA certificate '/etc/pki/CA/cacert.pem': No such file or directory",
     Obstacle.CERTIFICATE),
    (45, -1, "authentication failed: Failed to verify peer's certificate", Obstacle.CERTIFICATE),
    (45, -1, "authentication failed: TLS handshake failed A TLS fatal alert has been received.",
     Obstacle.CERTIFICATE),
    (45, -1, "authentication failed: TLS handshake failed Error in the pull function.", Obstacle.BROKEN_OFF),
    (45, -1, "authentication failed: access denied by policy", Obstacle.PERMISSION),
    (45, -1, "authentication failed: SASL negotiation failed", Obstacle.AUTHENTICATION),
    (94, -1, "authentication unavailable: no polkit agent available", Obstacle.PERMISSION),
    (38, 104, "Cannot recv data: Host key verification failed.: Connection reset by peer", Obstacle.HOST_KEY),
    (38, 104, "Cannot recv data: root@127.0.0.1: Permission denied (publickey).: Connection reset by peer",
     Obstacle.AUTHENTICATION),
    (38, 104, "Cannot recv data: Warning: Identity file /k not accessible: No such file or directory.\n"
     "root@h: Permission denied (publickey).: Connection reset by peer", Obstacle.AUTHENTICATION),
    (38, 5, "End of file while reading data: sh: 1: nc: not found: Input/output error", Obstacle.NO_LIBVIRT),
    (38, 5, "End of file while reading data: virt-ssh-helper: cannot connect to '/var/run/libvirt/libvirt-sock':"
     " Failed to connect socket to '/var/run/libvirt/libvirt-sock': No such file or directory",
     Obstacle.NO_SOCKET),
    (38, 5, "End of file while reading data: nc: unix connect failed: Permission denied", Obstacle.PERMISSION),
    (38, 104, "Cannot recv data: Connection reset by peer", Obstacle.BROKEN_OFF),
    (38, 5, "End of file while reading data: Input/output error", Obstacle.BROKEN_OFF),
    (5, -1, "no connection driver available for test:///default", Obstacle.NO_DRIVER),
    (777, -1, "something new", Obstacle.OTHER),
]  # fmt: skip


@pytest.mark.parametrize(("code", "number", "text", "obstacle"), SAID)
def test_what_libvirt_said_is_told_by_its_kind(code, number, text, obstacle):
    error = opening_failed(code, number=number, text=text)
    assert error.obstacle is obstacle
    assert (error.text, error.code) == (SENTENCES[obstacle], code)


def test_words_in_another_language_leave_the_number_to_go_by():
    text = "Verbindung verweigert"
    assert opening_failed(38, number=errno.ECONNREFUSED, text=text).obstacle is Obstacle.REFUSED
    assert opening_failed(38, number=errno.EACCES, text=text).obstacle is Obstacle.PERMISSION


@pytest.mark.parametrize("code", [None, 1, 4, 5, 38, 39, 40, 45, 79, 88, 94, 29, 777])
def test_failed_opening_without_words_is_a_sentence_of_its_own(code):
    error = opening_failed(code, text="secret words")
    assert (error.code, error.reason) == (code, Reason.HOST_UNREACHABLE)
    assert error.text.endswith(".")
    assert "secret" not in error.text
    assert error.said == "secret words"  # for the log


def test_every_kind_has_a_sentence():
    assert set(SENTENCES) == set(Obstacle)
    for obstacle in Obstacle:
        assert no_connection(obstacle).text == SENTENCES[obstacle]


def test_socket_that_is_not_there_or_not_to_be_looked_at_is_seen_without_libvirt(tmp_path):
    socket = tmp_path / "libvirt-sock"
    assert socket_obstacle(socket) is Obstacle.NO_SOCKET
    socket.touch()
    assert socket_obstacle(socket) is None
    tmp_path.chmod(0)
    uid = os.geteuid()
    try:
        if uid == 0:
            os.seteuid(65534)  # root may look into any folder
        assert socket_obstacle(socket) is Obstacle.PERMISSION
    finally:
        os.seteuid(uid)
        tmp_path.chmod(0o700)
