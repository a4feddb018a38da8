"""A host with a domain, and people with different rights to it."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.test import Client

from domains.history import ledger
from domains.models import Domain, Host
from tests.integration.web.factory import make_domain, make_entry, make_host, make_operation, make_user


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


@pytest.fixture
def auditor(db: None) -> Client:
    client = Client()
    client.force_login(make_user("audrey", "auditor"))
    return client


@pytest.fixture
def history(host, domain):
    """Give rows of different kinds: their keys by a word for each."""
    db01 = make_domain(make_host("hv2"), "db01")
    added = make_operation(domain, [(5, "live", "done")], status="succeeded", note="ticket OPS-4711")
    failed = make_operation(
        domain, [(2, "live", "failed")], action="remove", status="failed", actor="jonas", door="api",
        reason="domain_busy", message="It was busy.",
    )  # fmt: skip
    other = make_operation(db01, [(7, "config", "done")], status="succeeded", actor="jonas")
    refused = make_entry("refused", db01, actor="vera", door="api", action="add", requested={"vcpu": [5]})
    outside = make_entry("outside", domain, effects=[{"side": "live", "appeared": "6", "disappeared": ""}])
    with transaction.atomic():
        role = ledger.append(
            "granted",
            {"actor": "os:root", "door": "command", "host": None, "user": "mara", "role": "operator"},
        )
    return {
        "added": f"operation-{added.pk}",
        "failed": f"operation-{failed.pk}",
        "other": f"operation-{other.pk}",
        "refused": f"entry-{refused.seq}",
        "outside": f"entry-{outside.seq}",
        "role": f"entry-{role.seq}",
    }
