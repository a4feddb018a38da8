"""A domain, and the topic under which its page listens to it."""

from __future__ import annotations

import pytest

from domains.models import Domain
from tests.integration.push.browser import make_domain


@pytest.fixture
def domain(fresh_database, redis) -> Domain:
    return make_domain()


@pytest.fixture
def topic(domain: Domain) -> str:
    return f"domain:{domain.uuid}"
