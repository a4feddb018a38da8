"""Hosts that something is wrong with, made of real sockets and real programs on this machine."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.product import free_port
from tests.waiting import wait_until

LOOPBACK = "127.0.0.1"


@contextmanager
def mute_port() -> Iterator[int]:
    """Give a TCP port that takes connections and never answers."""
    with socket.create_server((LOOPBACK, 0)) as server:
        yield server.getsockname()[1]


def certify(folder: Path) -> None:
    """Make what a client of TLS needs: an authority of its own, and a certificate by it."""
    folder.mkdir()
    _self_signed(folder / "cacert.pem", folder / "cakey.pem", "an authority")
    _openssl("req", "-newkey", "ed25519", "-nodes", "-keyout", folder / "clientkey.pem", "-out", folder / "csr",
             "-subj", "/CN=slotboard")  # fmt: skip
    _openssl("x509", "-req", "-in", folder / "csr", "-CA", folder / "cacert.pem", "-CAkey", folder / "cakey.pem",
             "-CAcreateserial", "-out", folder / "clientcert.pem", "-days", "2")  # fmt: skip


@contextmanager
def strange_tls(folder: Path) -> Iterator[int]:
    """Give a port that speaks TLS with a certificate that nobody vouches for."""
    _self_signed(folder / "server.pem", folder / "server.key", LOOPBACK)
    port = free_port()
    command = ["openssl", "s_server", "-accept", f"{LOOPBACK}:{port}", "-quiet"]
    command += ["-cert", str(folder / "server.pem"), "-key", str(folder / "server.key")]
    with _running(command, port):
        yield port


class SshServer:
    """A private sshd that lets this user in with the key ``good``; ``ssh`` is the real one, knowing no other hosts.

    ``keys`` is a folder with the keys ``good`` and ``bad``. Behind the sign-in no program is to be found.
    """

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.user = pwd.getpwuid(os.getuid()).pw_name
        self.keys, self.bin = folder / "keys", folder / "bin"
        self._known, self._config = folder / "known_hosts", folder / "sshd_config"
        self._host_key = folder / "host_key"
        for path in (self.keys, self.bin):
            path.mkdir()
        for key in (self._host_key, self.keys / "good", self.keys / "bad"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        (self.bin / "ssh").write_text(f'#!/bin/sh\nexec /usr/bin/ssh -F {folder / "ssh_config"} "$@"\n')
        (self.bin / "ssh").chmod(0o755)
        (folder / "ssh_config").write_text(
            f"UserKnownHostsFile {self._known}\nGlobalKnownHostsFile /dev/null\n"
        )
        self._config.write_text(
            f"Port {self.port}\nListenAddress {LOOPBACK}\nHostKey {self._host_key}\nPidFile none\n"
            f"AuthorizedKeysFile {self.keys / 'good.pub'}\nUsePAM no\nStrictModes no\n"
            "PasswordAuthentication no\nKbdInteractiveAuthentication no\nSetEnv PATH=/nonexistent\n"
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where sshd shuts its unprivileged half in
        with _running(["/usr/sbin/sshd", "-D", "-f", str(self._config)], self.port):
            yield

    def be_known(self) -> None:
        """Have this host's key known from now on."""
        key = self._host_key.with_suffix(".pub").read_text()
        self._known.write_text(f"[{LOOPBACK}]:{self.port} {key}")


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: _listens(port), what=f"{command[0]} on port {port}")
        yield
    finally:
        process.kill()
        process.communicate()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def _self_signed(certificate: Path, key: Path, name: str) -> None:
    _openssl("req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
             "-subj", f"/CN={name}")  # fmt: skip


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
