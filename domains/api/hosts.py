"""``/api/v1/hosts``."""

from __future__ import annotations

from django.db.models import Count
from django.http import HttpRequest, JsonResponse
from ninja import Router

from domains.api.caller import actor_of
from domains.api.problems import problems
from domains.api.shapes import Hosts
from domains.models import Host
from domains.operations import workers
from domains.operations.representation import host_json

router = Router(tags=["hosts"])


@router.get("hosts", response={200: Hosts, **problems()}, operation_id="list_hosts", summary="List hosts")
def list_hosts(request: HttpRequest) -> JsonResponse:
    """List the hosts of which you may see a domain; all of them if you may see everything."""
    actor = actor_of(request)
    seen = actor.sees().filter(gone_at=None).values("host").annotate(number=Count("pk"))
    numbers = dict(seen.order_by("host").values_list("host", "number"))
    hosts = Host.objects.all() if actor.sees_everything() else Host.objects.filter(pk__in=numbers)
    served = workers.served()
    told = [host_json(host, domains=numbers.get(host.pk, 0), served=served) for host in hosts]
    return JsonResponse({"hosts": told})
