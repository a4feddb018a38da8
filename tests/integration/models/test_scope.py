"""The rule that needs no database, and what the databases find: they must be the same."""

from __future__ import annotations

import uuid

import pytest
from django.db.models import F, Q
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from domains.models import Domain, Host
from domains.models.scope import EVERYTHING, Guest, HostGuests, Scope, condition, covers
from domains.models.shellpattern import Fits, matcher

# What means something to a shell, to GLOB, to LIKE or to a regular expression, and letters that only differ in case.
SPECIAL = "*?[]^!-\\%_.$()|+{}\n aAßẞäÄıI0\U0001f600"
# No XML, and so no name of a guest, may hold the two last characters of a plane; SQLite takes them for others.
WRITTEN = st.characters(codec="utf-8", exclude_characters="\0\ufffe\uffff")
NAMES = st.text(st.sampled_from(SPECIAL) | WRITTEN, max_size=12)
PATTERNS = st.lists(st.sampled_from(["*", "?"]) | NAMES, max_size=5).map("".join)


@pytest.fixture
def domain(any_database) -> Domain:
    host = Host.objects.create(slug="hv1", state_since=timezone.now())
    return Domain.objects.create(host=host, uuid=uuid.uuid4(), name="", synced_at=timezone.now(), revision=1)


@given(st.data(), NAMES)
@example(None, "a\n")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_python_finds_the_names_that_the_database_finds(domain, data, name):
    patterns = ["*", "?", "??", "*\n", "a", "a?", "a*", "A*", "[a]*", "\\*", "%", "_", ""]
    if data is not None:
        patterns = [data.draw(PATTERNS), data.draw(_made_from(name))]
    Domain.objects.update(name=name)
    for pattern in patterns:
        found = Domain.objects.filter(Q(Fits(F("name"), pattern))).exists()
        assert (matcher(pattern)(name) is not None) == found, (pattern, name)


def _made_from(name: str) -> st.SearchStrategy[str]:
    """Give patterns that a name is likely to fit: its own characters, or what stands for them."""
    parts = [st.sampled_from([character, character.swapcase(), "?", "*"]) for character in name]
    return st.tuples(*parts).map("".join)


def test_scopes_cover_what_their_condition_finds(domain):
    other = Host.objects.create(slug="hv2", state_since=timezone.now())
    for number, name in enumerate(("web1", "web2", "db1", "WEB1")):
        for host in (domain.host, other):
            Domain.objects.create(
                host=host, uuid=uuid.uuid4(), name=name, synced_at=timezone.now(), revision=number
            )
    guests = [Guest(*row) for row in Domain.objects.values_list("pk", "host", "name")]
    one, two = Scope(domain.host.pk, "web*"), Scope(other.pk, "*")
    for scopes in ([], [one], [two], [one, two], [Scope(None, "?eb1")], [one, EVERYTHING]):
        found = set(Domain.objects.filter(condition(scopes)).values_list("pk", flat=True))
        assert {guest.pk for guest in guests if covers(scopes, guest)} == found, scopes
        for host in (domain.host, other):
            seen = Domain.objects.filter(condition(scopes), host=host).exists()
            assert HostGuests(host.pk).any_in(scopes) == seen, (scopes, host)


def test_pattern_of_many_stars_is_decided_at_once():
    assert matcher("*a" * 100 + "b")("a" * 255) is None
