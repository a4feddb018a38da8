"""``/api/v1/domains``: the inventory."""

from __future__ import annotations

from typing import Literal

from django.http import HttpRequest, JsonResponse
from ninja import Router

from domains.api.caller import actor_of
from domains.api.paging import Cursor, Switch, Words, split
from domains.api.problems import problems
from domains.api.shapes import Domain as DomainShape
from domains.api.shapes import Domains
from domains.inventory.finding import FleetFilters, find
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
    differs: Switch = False,
    waiting: Switch = False,
    unreachable: Switch = False,
    cursor: Cursor = "",
) -> JsonResponse:
    """List the domains that you may see and that fit all that is given.

    ``q`` stands in the name or the host's (in either case), or in the UUID: 6 digits or more of its beginning, or 8
    or more of any part. ``differs``: live and configuration hold different slots. ``waiting``: an operation waits or
    is under way. ``unreachable``: the host does not answer or is paused.
    """
    filters = FleetFilters(
        q=q, host=host, state=state, differs=differs, waiting=waiting, unreachable=unreachable
    )
    found = find(filters, actor_of(request).sees()).select_related("host")
    # By key, whatever comes and goes meanwhile.
    rows = list(found.filter(pk__gt=int(cursor or 0)).order_by("pk")[: PAGE + 1])
    page, following = split(rows, PAGE)
    return JsonResponse({"domains": [domain_row_json(domain) for domain in page], "next": following})


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
