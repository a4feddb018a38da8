"""A host with a domain, and people with different rights to it."""

from __future__ import annotations

import pytest
from django.test import Client

from domains.models import Domain, Host
from tests.integration.web.factory import make_domain, make_host, make_user


@pytest.fixture
def host(db: None) -> Host:
    return make_host()


@pytest.fixture
def domain(host: Host) -> Domain:
    return make_domain(host)


def _signed_in(name: str, role: str | None) -> Client:
    client = Client()
    client.force_login(make_user(name, role))
    return client


@pytest.fixture
def ada(db: None) -> Client:
    return _signed_in("ada", "administrator")


@pytest.fixture
def operator(db: None) -> Client:
    return _signed_in("mara", "operator")


@pytest.fixture
def viewer(db: None) -> Client:
    return _signed_in("vera", "viewer")


@pytest.fixture
def stranger(db: None) -> Client:
    return _signed_in("nobody", None)


@pytest.fixture
def page(domain: Domain) -> str:
    return f"/domains/{domain.host.slug}/{domain.uuid}/"
