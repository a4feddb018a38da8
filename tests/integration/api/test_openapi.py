"""The API keeps to its own description, whatever is sent: what schemathesis makes of it, in this process."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from domains.api.api import api
from domains.models import HistoryEntry, Operation
from tests.integration.api.conftest import caller_for

GENERATED = settings(
    max_examples=20,
    derandomize=True,
    deadline=None,
    database=None,
    # Each example meets the database that the one before left behind, as requests do.
    suppress_health_check=list(HealthCheck),
)
GUESTS = ["web01", "slow01"]
PRESENT = {"host": {"enum": ["sim"]}, "ref": {"enum": GUESTS}, "number": {"maximum": 3}}


# Which slots and sides go with which action, and which keys were used for what, is more than a schema can say: the
# sentence of the 4xx says it.
UNSAID = ("/vcpus/{action}", "/undo", "/retry", "/batches")


def _described() -> dict[str, Any]:
    return copy.deepcopy(dict(api.get_openapi_schema()))


def _aimed() -> dict[str, Any]:
    """Narrow the addresses to what exists, so that requests get past them."""
    description = _described()
    for path in description["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path":
                    parameter["schema"] |= PRESENT.get(parameter["name"], {})
    return description


def _load(description: dict[str, Any]) -> Any:
    schema = schemathesis.openapi.from_dict(description)
    schema.app = get_wsgi_application()
    return schema


anywhere, aimed = _load(_described()), _load(_aimed())


@pytest.fixture
def token(desk):
    """Give an operator's token for two guests, with an operation that has ended, one that waits and a queued one."""
    web, slow = (desk.guest(name) for name in GUESTS)
    desk.simulator.guest(slow, "waits")
    statuses = [
        desk.ask(web, "add", 5, "live").status,
        desk.ask(slow, "remove", 3, "live").status,
        desk.ask(web, "add", 6, "config", work=False).status,
    ]
    assert statuses == ["succeeded", "waiting", "queued"]
    return caller_for("mara", "operator").token


@pytest.fixture
def storing(token, request):
    """Make sure afterwards that the requests for changes were not all refused."""
    before = Operation.objects.count()
    yield token
    if "/vcpus/" in request.node.name:
        assert Operation.objects.count() > before
        assert HistoryEntry.objects.filter(kind="refused").exists()


@anywhere.parametrize()
@GENERATED
def test_api_keeps_to_its_description(case, token):
    _validate(case, token)


@aimed.parametrize()
@GENERATED
def test_api_keeps_to_its_description_for_what_exists(case, storing):
    _validate(case, storing)


def _validate(case, token):
    unsaid = [positive_data_acceptance] if case.operation.path.endswith(UNSAID) else []
    case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, excluded_checks=unsaid)
