from __future__ import annotations

from pathlib import Path

import pytest

from lab import settings
from lab.errors import LabError


def test_defaults_lie_in_the_users_cache_folder():
    chosen = settings.read_settings({"XDG_CACHE_HOME": "/c"})
    assert chosen == settings.Settings(cache=Path("/c/slotboard/lab"), suite="forky", accelerator="tcg")


def test_every_choice_comes_from_the_environment_and_goes_back_into_one():
    given = {"SLOTBOARD_LAB_CACHE": "/x", "SLOTBOARD_LAB_SUITE": "sid", "LAB_ACCEL": "kvm"}
    chosen = settings.read_settings(given)
    assert chosen == settings.Settings(cache=Path("/x"), suite="sid", accelerator="kvm")
    passed_on = chosen.environment(Path("/v"))
    assert settings.read_settings(passed_on) == chosen
    assert settings.data_folder(passed_on) == Path("/v")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLOTBOARD_LAB_CACHE", "here"),
        ("SLOTBOARD_LAB_SUITE", "../etc"),
        ("SLOTBOARD_LAB_SUITE", "Forky"),
        ("LAB_ACCEL", "xen"),
    ],
)
def test_values_that_cannot_be_meant_are_refused_by_name(name, value):
    with pytest.raises(LabError, match=name):
        settings.read_settings({"XDG_CACHE_HOME": "/c", name: value})


def test_data_folder_defaults_to_var_in_the_repository():
    assert settings.data_folder({}) == settings.REPOSITORY / "var"


def test_uri_follows_from_the_data_folders_absolute_path_alone():
    # The first 8 digits of: printf /srv/data | sha256sum
    expected = "qemu+unix:///system?socket=/run/slotboard/96b53e47/libvirt/libvirt-sock"
    assert settings.uri(Path("/srv/data")) == expected
    assert settings.uri(Path("/srv/x/../data")) == expected
    assert settings.uri(Path("/srv/other")) != expected


def test_socket_path_fits_however_long_the_data_folders_is():
    assert len(str(settings.socket_path(Path("/a" * 500)))) <= 107
