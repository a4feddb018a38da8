"""``/api/v1/batches``: one change asked of many guests."""

from __future__ import annotations

from typing import Annotated, Literal

from django.http import HttpRequest, JsonResponse
from ninja import Path, Router
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from domains.api.asking import Key, key_of
from domains.api.bodies import Note, NoteRequest, described, read_body
from domains.api.caller import actor_of
from domains.api.problems import problems
from domains.api.shapes import Batch as BatchShape
from domains.models import Batch
from domains.operations.actor import Actor
from domains.operations.batches import choose, control, retrying
from domains.operations.batches.representation import batch_json, plan_json
from domains.operations.batches.request import Choice, preview, record_refusal, request_batch
from domains.operations.batches.wanted import MOST_GUESTS, MOST_PARALLEL, PARALLEL
from domains.operations.refused import RequestRefused
from domains.vcpu.reasons import Reason

Number = Annotated[int, Path(ge=1, le=2**63 - 1, description="The batch's number.")]
router = Router(tags=["batches"])


class GoneAbout(BaseModel):
    """What goes with a batch however its guests were chosen."""

    model_config = ConfigDict(extra="forbid")

    parallel: StrictInt = Field(
        PARALLEL,
        ge=1,
        le=MOST_PARALLEL,
        description=f"how many guests are changed at a time, 1 to {MOST_PARALLEL}",
    )
    stop_on_failure: StrictBool = Field(
        False, description="true or false: whether nothing more is started once a guest has failed"
    )
    note: Note = ""
    dry_run: StrictBool = Field(
        False, description="true or false: whether to answer with the plan and change nothing"
    )


class BatchRequest(GoneAbout):
    """Which guests, and what is to be done to each. Guests are named one by one, or by a pattern."""

    action: Literal["add", "remove", "make_removable", "sync"] = Field(
        description="add, remove, make_removable or sync"
    )
    domains: list[StrictStr] | None = Field(
        None,
        max_length=MOST_GUESTS,
        description=f"a list of up to {MOST_GUESTS} guests, each HOST/UUID or HOST/NAME",
    )
    match: StrictStr | None = Field(
        None, max_length=300, description="a pattern for names, with * and ?, of at most 300 characters"
    )
    host: StrictStr = Field(
        "", max_length=100, description="the host on which names are to match, or empty for all"
    )
    vcpu: StrictInt | StrictStr | list[StrictInt | StrictStr] | None = Field(
        None, description="vCPU IDs as for one guest, or -1, or null where “count” says how many"
    )
    count: StrictInt | None = Field(
        None,
        ge=1,
        description="how many vCPUs each guest gets (its lowest free slots) or loses (its highest removable ones)",
    )
    affect: Literal["current", "live", "config", "both"] = Field(
        "current", description="current, live, config or both"
    )


@router.post(
    "batches",
    response={200: BatchShape, 202: BatchShape, **problems(403, 404, 413, 415, 422)},
    operation_id="start_batch",
    summary="Ask for one change of many guests, or for the plan of it",
    openapi_extra=described(BatchRequest, required=True),
)
def start_batch(request: HttpRequest, idempotency_key: Key = None) -> JsonResponse:
    """Plan a change of many guests and carry it out, a few at a time; with ``dry_run`` only plan it."""
    body, actor = read_body(request, BatchRequest, required=True), actor_of(request)
    sent = body.model_dump(exclude_unset=True, exclude={"domains", "match", "host", "dry_run"})
    asked: dict[str, object] = {name: value for name, value in sent.items() if value is not None}
    try:
        choice = _choice(actor, body)
    except RequestRefused as refusal:
        if not body.dry_run:
            record_refusal(refusal, actor, asked, guests=len(body.domains or ()))
        raise
    return _answer(actor, choice, asked, dry_run=body.dry_run, key=key_of(idempotency_key))


@router.get(
    "batches/{number}",
    response={200: BatchShape, **problems(404)},
    operation_id="show_batch",
    summary="Show a batch with its guests",
)
def show_batch(request: HttpRequest, number: Number) -> JsonResponse:
    """Show a batch as it stands now, with those of its guests that you may see."""
    actor = actor_of(request)
    return JsonResponse(batch_json(actor, control.find(actor, number)))


@router.post(
    "batches/{number}/cancel",
    response={200: BatchShape, **problems(403, 404, 409, 413, 415)},
    operation_id="cancel_batch",
    summary="Start nothing more of a batch",
    openapi_extra=described(NoteRequest, required=False),
)
def cancel_batch(request: HttpRequest, number: Number) -> JsonResponse:
    """Start nothing more of a batch and cancel what is queued; what runs ends by itself."""
    body, actor = read_body(request, NoteRequest, required=False), actor_of(request)
    return JsonResponse(batch_json(actor, control.cancel(actor, number, note=body.note)))


@router.post(
    "batches/{number}/retry",
    response={200: BatchShape, 202: BatchShape, **problems(403, 404, 409, 413, 415, 422)},
    operation_id="retry_batch",
    summary="Ask once more for what a batch has not achieved",
    openapi_extra=described(GoneAbout, required=False),
)
def retry_batch(request: HttpRequest, number: Number, idempotency_key: Key = None) -> JsonResponse:
    """Plan anew, as a new batch (``retry_of``), the guests for which something was to be done and was not."""
    body, actor = read_body(request, GoneAbout, required=False), actor_of(request)
    sent, key = body.model_dump(exclude_unset=True, exclude={"dry_run"}), key_of(idempotency_key)
    try:
        choice = retrying.retriable(actor, number, key)
    except RequestRefused as refusal:
        if not body.dry_run:
            record_refusal(refusal, actor, sent)
        raise
    assert choice.batch is not None  # noqa: S101  # what is retried is a batch
    asked = retrying.asked_before(choice.batch) | sent
    return _answer(actor, choice, asked, dry_run=body.dry_run, key=key)


def _choice(actor: Actor, body: BatchRequest) -> Choice:
    if (body.domains is None) == (body.match is None):
        raise RequestRefused(
            Reason.INVALID_REQUEST, "Say which guests: either “domains” or “match”, not both."
        )
    if body.domains is not None:
        return Choice(choose.by_name(actor, body.domains), {"domains": body.domains})
    match = body.match or ""
    return Choice(choose.by_match(actor, match, body.host), {"match": match, "host": body.host})


def _answer(
    actor: Actor, choice: Choice, asked: dict[str, object], *, dry_run: bool, key: str
) -> JsonResponse:
    if dry_run:
        return JsonResponse(plan_json(actor, preview(actor, choice, asked), asked))
    made: Batch = request_batch(actor, choice, asked, idempotency_key=key)
    headers = {"Location": f"/api/v1/batches/{made.pk}"}
    return JsonResponse(batch_json(actor, made), status=202, headers=headers)
