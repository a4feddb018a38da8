from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.hypervisor.address import AddressError, AddressPolicy, HostAddress
from domains.hypervisor.address_uri import parse_uri


@pytest.fixture
def policy(tmp_path: Path) -> AddressPolicy:
    sockets, credentials = tmp_path / "run", tmp_path / "credentials"
    (sockets / "lab").mkdir(parents=True)
    credentials.mkdir()
    (credentials / "rack1").touch()
    (sockets / "out").symlink_to("/etc")
    return AddressPolicy(socket_dirs=(sockets,), credential_dir=credentials)


def sock(policy: AddressPolicy, name: str = "lab/libvirt-sock") -> str:
    return str(policy.socket_dirs[0] / name)


@pytest.mark.parametrize(
    ("address", "uri"),
    [
        (HostAddress(), "qemu+unix:///system"),
        (HostAddress(driver="test", path="default"), "test+unix:///default"),
        (
            HostAddress(transport="ssh", hostname="hv1.example.org"),
            "qemu+ssh://hv1.example.org/system?no_tty=1",
        ),
        (
            HostAddress(transport="ssh", hostname="hv1", user="slot", port=2222, path="session"),
            "qemu+ssh://slot@hv1:2222/session?no_tty=1",
        ),
        (
            HostAddress(transport="tls", hostname="2001:db8::7", port=16514),
            "qemu+tls://[2001:db8::7]:16514/system",
        ),
        (HostAddress(transport="tls", hostname="192.0.2.7"), "qemu+tls://192.0.2.7/system"),
    ],
)
def test_uri_is_built_from_the_fields(policy, address, uri):
    assert address.uri(policy) == uri
    assert parse_uri(uri, policy) == address


def test_uri_names_socket_and_credentials_of_this_installation(policy):
    local = HostAddress(socket=sock(policy))
    assert local.uri(policy) == f"qemu+unix:///system?socket={sock(policy)}"
    assert parse_uri(local.uri(policy), policy) == local
    keyed = HostAddress(transport="ssh", hostname="hv1", credential="rack1")
    assert keyed.uri(policy) == f"qemu+ssh://hv1/system?no_tty=1&keyfile={policy.credential_dir}/rack1"
    assert parse_uri(keyed.uri(policy), policy) == keyed
    signed = HostAddress(transport="tls", hostname="hv1", credential="rack1")
    assert signed.uri(policy) == f"qemu+tls://hv1/system?pkipath={policy.credential_dir}/rack1"
    assert parse_uri(signed.uri(policy), policy) == signed


def test_short_forms_mean_what_they_mean_to_libvirt(policy):
    assert parse_uri("qemu:///system", policy) == HostAddress()
    assert parse_uri("qemu://hv1/system", policy) == HostAddress(transport="tls", hostname="hv1")


def test_plain_tcp_needs_its_switch(policy):
    address = HostAddress(transport="tcp", hostname="hv1")
    with pytest.raises(AddressError) as caught:
        address.uri(policy)
    assert caught.value.field == "transport"
    assert address.uri(AddressPolicy(allow_tcp=True)) == "qemu+tcp://hv1/system"


@pytest.mark.parametrize(
    ("field", "address"),
    [
        ("driver", HostAddress(driver="lxc")),
        ("driver", HostAddress(driver="vbox")),
        ("transport", HostAddress(transport="ext")),
        ("transport", HostAddress(transport="libssh")),
        ("transport", HostAddress(transport="libssh2")),
        ("transport", HostAddress(transport="")),
        ("path", HostAddress(path="embed")),
        ("path", HostAddress(path="system?command=/bin/sh")),
        ("path", HostAddress(path="session")),
        ("path", HostAddress(driver="test", path="etc/passwd")),
        ("path", HostAddress(driver="test", path="system")),
        ("hostname", HostAddress(hostname="hv1")),
        ("user", HostAddress(user="root")),
        ("port", HostAddress(port=22)),
        ("credential", HostAddress(credential="rack1")),
        ("hostname", HostAddress(transport="ssh")),
        ("hostname", HostAddress(transport="ssh", hostname="-oProxyCommand=sh")),
        ("hostname", HostAddress(transport="ssh", hostname="hv1/..")),
        ("hostname", HostAddress(transport="ssh", hostname="a b")),
        ("hostname", HostAddress(transport="ssh", hostname="hv1\n")),
        ("hostname", HostAddress(transport="ssh", hostname="hv1\x00")),
        ("hostname", HostAddress(transport="ssh", hostname="root@hv1")),
        ("hostname", HostAddress(transport="ssh", hostname="hv1?command=x")),
        ("hostname", HostAddress(transport="ssh", hostname="hv1:22")),
        ("hostname", HostAddress(transport="ssh", hostname="fe80::1%eth0")),
        ("hostname", HostAddress(transport="ssh", hostname="[::1]")),
        ("hostname", HostAddress(transport="ssh", hostname="a" * 64)),
        ("hostname", HostAddress(transport="ssh", hostname=".".join(["a" * 60] * 5))),
        ("hostname", HostAddress(transport="ssh", hostname="hö")),
        ("user", HostAddress(transport="ssh", hostname="hv1", user="-l")),
        ("user", HostAddress(transport="ssh", hostname="hv1", user="a:b")),
        ("user", HostAddress(transport="ssh", hostname="hv1", user="a@b")),
        ("user", HostAddress(transport="ssh", hostname="hv1", user="a\n")),
        ("user", HostAddress(transport="tls", hostname="hv1", user="root")),
        ("port", HostAddress(transport="ssh", hostname="hv1", port=0)),
        ("port", HostAddress(transport="ssh", hostname="hv1", port=65536)),
        ("port", HostAddress(transport="ssh", hostname="hv1", port=-1)),
        ("socket", HostAddress(transport="ssh", hostname="hv1", socket="/run/x")),
        ("credential", HostAddress(transport="ssh", hostname="hv1", credential="../rack1")),
        ("credential", HostAddress(transport="ssh", hostname="hv1", credential="/etc/shadow")),
        ("credential", HostAddress(transport="ssh", hostname="hv1", credential="missing")),
        ("credential", HostAddress(transport="ssh", hostname="hv1", credential="..")),
        ("socket", HostAddress(socket="/etc/passwd")),
        ("socket", HostAddress(socket="run/x")),
        ("socket", HostAddress(socket="/run/x y")),
        ("socket", HostAddress(socket="/run/x\n")),
        ("socket", HostAddress(socket="/run/\x00x")),
        ("socket", HostAddress(socket="/run/x&command=y")),
        ("socket", HostAddress(socket="/run/x%2e%2e")),
        ("socket", HostAddress(socket="/")),
    ],
)
def test_hostile_field_is_named(policy, field, address):
    with pytest.raises(AddressError) as caught:
        address.uri(policy)
    assert caught.value.field == field
    assert caught.value.sentence.endswith(".")


@pytest.mark.parametrize(
    "name", ["../credentials/x", "lab/../../x", "out/passwd", "out", "lab/" + "a" * 120], ids=range(5)
)
def test_socket_stays_below_its_folders(policy, name):
    with pytest.raises(AddressError) as caught:
        HostAddress(socket=sock(policy, name)).validate(policy)
    assert caught.value.field == "socket"


def test_credentials_need_a_folder(policy):
    with pytest.raises(AddressError) as caught:
        HostAddress(transport="tls", hostname="hv1", credential="rack1").validate(AddressPolicy())
    assert caught.value.field == "credential"


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "system",
        "qemu:system",
        "qemu+ext:///system?command=/tmp/x",
        "qemu+EXT:///system?command=/tmp/x",
        "qemu+unix:///system?command=/tmp/x",
        "qemu+ssh://hv1/system?command=/tmp/x",
        "qemu+ssh://hv1/system?Command=/tmp/x",
        "qemu+ssh://hv1/system?netcat=/tmp/x",
        "qemu+ssh://hv1/system?proxy=native",
        "qemu+ssh://hv1/system?socket=/run/x",
        "qemu+ssh://hv1/system?no_verify=1",
        "qemu+ssh://hv1/system?no_tty=0",
        "qemu+ssh://hv1/system?keyfile=/etc/shadow",
        "qemu+ssh://hv1/system?pkipath=/etc",
        "qemu+tls://hv1/system?keyfile=/etc",
        "qemu+tls://hv1/system?no_tty=1",
        "qemu+ssh://hv1/system?no_tty=1&no_tty=1",
        "qemu+ssh://hv1/system?no_tty=1;command=/tmp/x",
        "qemu+ssh://hv1/system?no_tty=1&command=/tmp/x",
        "qemu+ssh://hv1/system#x",
        "qemu+libssh://hv1/system",
        "qemu+libssh2://hv1/system",
        "qemu:///embed?root=/tmp",
        "qemu:///session",
        "qemu:///session?socket=/run/x",
        "qemu:///system?socket=/etc/passwd",
        "qemu:///system?socket=/run/libvirt/%2e%2e/x",
        "qemu:///system?socket=%00",
        "qemu:///system?socket=%ff",
        "qemu:///system?socket=a%0ab",
        "test:///default",
        "test:///etc/passwd",
        "test+unix:///etc/passwd",
        "test+tcp://hv1/default",
        "qemu+tcp://hv1/system",
        "qemu+ssh://-oProxyCommand=x/system",
        "qemu+ssh://root@-oProxyCommand=x/system",
        "qemu+ssh://a@b@hv1/system",
        "qemu+ssh://a:b@hv1/system",
        "qemu+ssh://ro%6ft@hv1/system",
        "qemu+ssh://hv1%2fx/system",
        "qemu+ssh://[::1/system",
        "qemu+ssh://[fe80::1%25eth0]/system",
        "qemu+ssh://hv1:99999/system",
        "qemu+ssh://hv1:x/system",
        "qemu+ssh:///system",
        "qemu+ssh://hv1/system\n",
        "qemu+ssh://hv1/\x00system",
        " qemu:///system",
        "qemu:///system ",
        "qemu:\\\\hv1\\system",
        "qemu:////system",
        "qemu:///system/",
        "qemu:///SYSTEM",
        "QEMU:///system",
        "xen:///system",
        "lxc:///system",
        "vbox:///session",
        "esx://hv1/?no_verify=1",
        "http://hv1/system",
        "file:///etc/passwd",
        "qemu+ssh://" + "a" * 2000 + "/system",
    ],
)
def test_hostile_uri_is_refused(policy, uri):
    with pytest.raises(AddressError) as caught:
        parse_uri(uri, policy)
    assert caught.value.sentence.endswith(".")


def test_empty_query_asks_for_nothing(policy):
    assert parse_uri("qemu+ssh://hv1/system?", policy) == HostAddress(transport="ssh", hostname="hv1")


def test_test_driver_in_this_process_is_refused_with_advice(policy):
    with pytest.raises(AddressError, match=r"test\+unix:///default"):
        parse_uri("test:///default", policy)


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_smuggles_a_parameter_in(host, tail):
    policy = AddressPolicy()
    try:
        uri = parse_uri(f"qemu+ssh://{host}/system{tail}", policy).uri(policy)
    except AddressError:
        return
    assert uri.endswith("/system?no_tty=1")
    assert uri.count("?") == 1


def test_links_that_lead_round_in_a_circle_are_no_socket(policy):
    ring = policy.socket_dirs[0] / "ring"
    ring.symlink_to(ring)
    with pytest.raises(AddressError, match="cannot be told"):
        HostAddress(socket=str(ring)).uri(policy)


def test_folder_of_credentials_that_cannot_be_read_is_told_so(policy, tmp_path):
    unreadable = replace(policy, credential_dir=tmp_path / ("x" * 300))
    with pytest.raises(AddressError, match="cannot be read here"):
        HostAddress(transport="ssh", hostname="hv1", credential="rack1").uri(unreadable)
