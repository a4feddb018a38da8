"""``/api/v1/domains``: the inventory."""

from __future__ import annotations

from typing import Literal

from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from ninja import Router

from domains.api.caller import actor_of
from domains.api.paging import Cursor, Words, split
from domains.api.problems import problems
from domains.api.shapes import Domain as DomainShape
from domains.api.shapes import Domains
from domains.models import Domain
from domains.operations.representation import domain_as_seen_by, domain_row_json
from domains.operations.request import find_domain

PAGE = 100
State = Literal[
    "no state", "running", "idle", "paused", "in shutdown", "shut off", "crashed", "pmsuspended", ""
]
router = Router(tags=["domains"])


@router.get(
    "domains", response={200: Domains, **problems()}, operation_id="list_domains", summary="List domains"
)
def list_domains(
    request: HttpRequest,
    host: Words = "",
    q: Words = "",
    state: State = "",
    cursor: Cursor = "",
) -> JsonResponse:
    """List the domains that you may see: of one host, with ``q`` in the name (in either case), in one state."""
    found = _filtered(actor_of(request).sees().filter(gone_at=None), host, q, state)
    if cursor:
        found = found.filter(pk__gt=int(cursor))
    rows = list(found.select_related("host").order_by("pk")[: PAGE + 1])
    page, following = split(rows, PAGE)
    return JsonResponse({"domains": [domain_row_json(domain) for domain in page], "next": following})


def _filtered(domains: QuerySet[Domain], host: str, q: str, state: str) -> QuerySet[Domain]:
    if host:
        domains = domains.filter(host__slug=host)
    if q:
        domains = domains.filter(name__icontains=q)
    if state:
        domains = domains.filter(state=state)
    return domains


@router.get(
    "domains/{host}/{ref}",
    response={200: DomainShape, **problems(404)},
    operation_id="show_domain",
    summary="Show a domain slot by slot",
)
def show_domain(request: HttpRequest, host: str, ref: str) -> JsonResponse:
    """Show a domain, named by UUID or name, with the reason why each slot cannot be changed, where it cannot."""
    actor = actor_of(request)
    return JsonResponse(domain_as_seen_by(actor, find_domain(actor, host, ref)))
