"""``/api/v1/operations``: what became of the changes that were asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from django.http import HttpRequest, JsonResponse
from ninja import Path, Query, Router

from domains.api.asking import Key, accepted, key_of
from domains.api.bodies import NoteRequest, described, read_body
from domains.api.caller import actor_of
from domains.api.filters import Filters
from domains.api.problems import problems
from domains.api.shapes import Operation as OperationShape
from domains.api.shapes import Operations
from domains.history import search
from domains.models import Operation
from domains.operations import control, followups
from domains.operations.refused import RequestRefused
from domains.operations.representation import operation_json
from domains.vcpu.reasons import Reason

PAGE = 50
Verb = Literal["cancel", "ask-again", "stop-waiting"]
Number = Annotated[int, Path(ge=1, le=2**63 - 1, description="The operation's number.")]
_CONTROLS: dict[Verb, Callable[..., Operation]] = {
    "cancel": control.cancel,
    "ask-again": control.ask_again,
    "stop-waiting": control.stop_waiting,
}
router = Router(tags=["operations"])


@router.get(
    "operations",
    response={200: Operations, **problems()},
    operation_id="list_operations",
    summary="List operations",
)
def list_operations(request: HttpRequest, filters: Query[Filters]) -> JsonResponse:
    """List the operations on domains that you may see, newest first."""
    actor, cursor = actor_of(request), filters.cursor
    found = search.find(filters.wanted(), actor.entries()).filter(operation__isnull=False)
    page = search.page(found, before=int(cursor) if cursor else None, size=PAGE)
    known = Operation.objects.prefetch_related("effects").in_bulk([line.operation for line in page.lines])
    told = [operation_json(known[line.operation]) for line in page.lines if line.operation in known]
    return JsonResponse({"operations": told, "next": page.older and str(page.older)})


@router.get(
    "operations/{number}",
    response={200: OperationShape, **problems(404)},
    operation_id="show_operation",
    summary="Show an operation",
)
def show_operation(request: HttpRequest, number: Number) -> JsonResponse:
    """Show one operation as it stands now."""
    found = actor_of(request).operations().filter(pk=number).first()
    if found is None:
        raise RequestRefused(
            Reason.OPERATION_NOT_FOUND,
            f"There is no operation {number}, or you may not see it; see the list of operations.",
        )
    return JsonResponse(operation_json(found))


@router.post(
    "operations/{number}/undo",
    response={202: OperationShape, **problems(403, 404, 409, 413, 415, 422)},
    operation_id="undo_operation",
    summary="Ask for the opposite of what an operation has done",
    openapi_extra=described(NoteRequest, required=False),
)
def undo_operation(request: HttpRequest, number: Number, idempotency_key: Key = None) -> JsonResponse:
    """Take back what an operation has done, as a new operation that refers to it by ``undo_of``."""
    return _follow(request, number, followups.undo, idempotency_key)


@router.post(
    "operations/{number}/retry",
    response={202: OperationShape, **problems(403, 404, 409, 413, 415, 422)},
    operation_id="retry_operation",
    summary="Ask once more for what an operation has not achieved",
    openapi_extra=described(NoteRequest, required=False),
)
def retry_operation(request: HttpRequest, number: Number, idempotency_key: Key = None) -> JsonResponse:
    """Ask again for what a failed, partial or cancelled operation has not achieved, as a new one (``retry_of``)."""
    return _follow(request, number, followups.retry, idempotency_key)


def _follow(
    request: HttpRequest, number: int, deed: Callable[..., Operation], key: str | None
) -> JsonResponse:
    body = read_body(request, NoteRequest, required=False)
    return accepted(deed(actor_of(request), number, note=body.note, idempotency_key=key_of(key)))


@router.post(
    "operations/{number}/{deed}",
    response={200: OperationShape, **problems(403, 404, 409, 413, 415)},
    operation_id="control_operation",
    summary="Cancel an operation, ask its guest again, or stop waiting for it",
    openapi_extra=described(NoteRequest, required=False),
)
def control_operation(request: HttpRequest, number: Number, deed: Verb) -> JsonResponse:
    """Do something about an operation that has not ended: cancel one that is queued, ask the guest again, or stop waiting."""
    body = read_body(request, NoteRequest, required=False)
    return JsonResponse(operation_json(_CONTROLS[deed](actor_of(request), number, note=body.note)))
