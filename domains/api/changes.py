"""``/api/v1/domains/.../vcpus/...``: asking for a change."""

from __future__ import annotations

from typing import Literal

from django.http import HttpRequest, JsonResponse
from ninja import Router
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from domains.api.asking import Key, accepted, key_of
from domains.api.bodies import Note, described, read_body
from domains.api.caller import actor_of
from domains.api.problems import problems
from domains.api.shapes import Operation as OperationShape
from domains.operations.request import request_change

Verb = Literal["add", "remove", "make-removable", "online", "offline", "sync"]
router = Router(tags=["domains"])


class ChangeRequest(BaseModel):
    """What to change. All fields have defaults; what is misspelt is refused rather than left out."""

    model_config = ConfigDict(extra="forbid")

    vcpu: StrictInt | StrictStr | list[StrictInt | StrictStr] = Field(
        -1,
        description="a vCPU ID such as 5, a list such as [5, 7], text such as “5,7” or “8-11”, or -1 for the first"
        " available one (add) or the highest one (remove)",
    )
    affect: Literal["current", "live", "config", "both"] = Field(
        "current", description="current, live, config or both"
    )
    on_failure: Literal["stop", "continue"] = Field(
        "stop", description="stop or continue: what to do about the slots after one that failed"
    )
    expect: StrictInt | None = Field(
        None, description="the vCPU ID that first or highest should turn out to be, or null"
    )
    note: Note = ""
    queue_if_unreachable: StrictBool = Field(
        False,
        description="true or false: whether to wait for a host that cannot be reached, instead of failing",
    )
    ask_anyway: StrictBool = Field(
        False, description="true or false: whether the hypervisor is to be asked what the rules would refuse"
    )


@router.post(
    "domains/{host}/{ref}/vcpus/{action}",
    response={202: OperationShape, **problems(403, 404, 413, 415, 422)},
    operation_id="change_vcpus",
    summary="Ask for a change",
    openapi_extra=described(ChangeRequest, required=True),
)
def change_vcpus(
    request: HttpRequest, host: str, ref: str, action: Verb, idempotency_key: Key = None
) -> JsonResponse:
    """Ask for one change of a domain, named by UUID or name. The operation is stored and carried out by a worker."""
    asked = read_body(request, ChangeRequest, required=True)
    operation = request_change(
        actor=actor_of(request),
        host=host,
        domain_ref=ref,
        asked={**asked.model_dump(exclude_unset=True), "action": action.replace("-", "_")},
        idempotency_key=key_of(idempotency_key),
    )
    return accepted(operation)
