from __future__ import annotations

import subprocess

import pytest

from lab import apt
from lab.apt import Source
from lab.errors import LabError

DEB822 = """\
# the archive
Types: deb deb-src
URIs: http://one.example/debian/
 http://two.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/archive.gpg

Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
Enabled: no

Types: deb-src
URIs: http://source.example/debian
Suites: bookworm
Components: main
"""


def test_one_line_sources_are_read_with_options_and_comments():
    text = """
    # deb http://comment.example/debian bookworm main
    deb [arch=amd64 signed-by=/x.gpg] http://a.example/debian bookworm main contrib # why
    deb-src http://a.example/debian bookworm main
    deb http://flat.example/ ./
    """
    assert list(apt.parse_one_line(text)) == [
        Source(("http://a.example/debian",), ("bookworm",), ("main", "contrib")),
        Source(("http://flat.example/",), ("./",), ()),
    ]


def test_deb822_sources_leave_out_disabled_and_source_paragraphs():
    assert list(apt.parse_deb822(DEB822)) == [
        Source(
            ("http://one.example/debian/", "http://two.example/debian"),
            ("bookworm", "bookworm-updates"),
            ("main", "contrib"),
        )
    ]


def test_sources_are_read_from_both_kinds_of_files(tmp_path):
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (tmp_path / "sources.list").write_text("deb http://a.example/debian bookworm main\n")
    (parts / "b.sources").write_text(DEB822)
    (parts / "c.list").write_text("deb http://c.example/debian sid main\n")
    (parts / "d.list.disabled").write_text("deb http://d.example/debian bookworm main\n")
    found = [source.uris[0] for source in apt.read_sources(tmp_path)]
    assert found == ["http://a.example/debian", "http://one.example/debian/", "http://c.example/debian"]


def test_mirror_is_the_first_that_serves_the_machines_release():
    sources = [
        Source(("https://vendor.example/apt",), ("nodistro",), ("main",)),
        Source(("http://parts.example/debian",), ("bookworm",), ("contrib",)),
        Source(("cdrom:[x]/", "http://good.example/debian/"), ("bookworm", "bookworm-updates"), ("main",)),
        Source(("http://later.example/debian",), ("bookworm",), ("main",)),
    ]
    assert apt.choose_mirror(sources, "bookworm") == "http://good.example/debian"


def test_security_archive_alone_is_no_mirror():
    sources = [Source(("http://x.example/debian-security",), ("bookworm-security",), ("main",))]
    with pytest.raises(LabError, match="No Debian mirror for bookworm"):
        apt.choose_mirror(sources, "bookworm")


def test_codename_is_read_and_other_systems_are_refused(tmp_path):
    file = tmp_path / "os-release"
    file.write_text('ID=debian\nVERSION_CODENAME="trixie"\n')
    assert apt.codename(file) == "trixie"
    file.write_text("ID=debian\n")
    assert apt.codename(file) == "sid"
    file.write_text("ID=fedora\n")
    with pytest.raises(LabError, match="fedora"):
        apt.codename(file)


def test_private_configuration_keeps_apt_out_of_the_machines_folders(tmp_path):
    file = tmp_path / "apt.conf"
    file.write_text(apt.private_configuration(tmp_path / "state", architecture="ppc64el"))
    shown = subprocess.run(
        [
            "apt-config",
            "--config-file",
            file,
            "shell",
            "LISTS",
            "Dir::State::lists/f",
            "A",
            "APT::Architecture",
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert f"LISTS='{tmp_path}/state/lists'" in shown.replace("lists/'", "lists'")
    assert "A='ppc64el'" in shown
