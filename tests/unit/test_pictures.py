"""script/screenshots photographs every page that there is, and the documents show no other pictures."""

from __future__ import annotations

from collections.abc import Iterator
from string import Formatter

from django.urls import URLPattern, URLResolver, get_resolver, resolve

from domains.web import groups, operation, user
from lab.guests import BY_NAME
from pictures.camera import LOOKS
from pictures.pages import PICTURES
from pictures.story import APP, ETL
from tests.unit.test_docs import DOCS

# What answers a form, a script or a part of a page, and so is never looked at by itself.
NO_PAGES = {
    *("fleet_news", "news", "readings", "change", "export", "host_test", "host_pause", "host_resume"),
    *("cancel_batch", "revoke_token", "account_logout", "help_picture", "healthz", "readyz", "metrics"),
    *operation.DEEDS,
    *(f"user_{deed}" for deed in user.DEEDS),
    *(f"group_{deed}" for deed in groups.DEEDS),
}


def names(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    """Give the names of all addresses but the API's."""
    for one in patterns:
        if isinstance(one, URLPattern):
            yield str(one.name)


def test_every_page_is_photographed():
    known = set(names(get_resolver().url_patterns))

    assert {picture.view for picture in PICTURES} == known - NO_PAGES
    assert known >= NO_PAGES


def test_every_picture_leads_to_the_page_that_it_names():
    fields = {field for picture in PICTURES for _, field, _, _ in Formatter().parse(picture.path) if field}
    places = dict.fromkeys(fields, "1") | {guest.name: guest.uuid for guest in (*BY_NAME.values(), APP, ETL)}

    led = {
        picture.name: resolve(picture.path.format(**places).split("?")[0].split("#")[0]).url_name
        for picture in PICTURES
    }

    assert led == {picture.name: picture.view for picture in PICTURES}


def test_grids_of_every_size_are_photographed():
    shown = {
        guest.slots
        for guest in (*BY_NAME.values(), APP, ETL)
        for picture in PICTURES
        if f"{{{guest.name}}}" in picture.path
    }

    assert {8, 32, 64, 512, 4096} <= shown


def test_documents_keep_no_picture_that_is_not_taken():
    taken = {f"{picture.name}-{look.name}.png" for picture in PICTURES for look in LOOKS}

    assert {path.name for path in (DOCS / "images").glob("*.png")} <= taken
