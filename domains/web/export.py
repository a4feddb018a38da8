"""The history as a file to take away, streamed while it is read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from domains.history.export import writing
from domains.history.export.asking import wish_of
from domains.history.export.forms import FORMS, Form
from domains.history.export.planning import CannotExport, begin
from domains.models.grant import AUDITING, roles_of
from domains.operations.refused import RequestRefused
from domains.operations.sight import sight_of
from domains.vcpu.reasons import Reason
from domains.web import errors
from domains.web.access import member
from domains.web.actor import actor_of
from domains.web.filters import asked_of, filters_of
from domains.web.query import Malformed

_CHUNK = 2**16  # bytes sent at a time, and so also read from the database in one go


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@member
def export(request: HttpRequest) -> HttpResponseBase:
    """Export what the filters of the address find, of what the person may see.

    The field ``format`` is ``ndjson`` or ``csv``. That it was exported is an entry of the history, which the export
    ends before; so it takes a POST, and whoever follows the address otherwise comes to the list with its filters.
    """
    if request.method != "POST":
        return HttpResponseRedirect(f"{reverse('operations')}?{asked_of(request.GET).query()}".rstrip("?"))
    try:
        form = _form(request)
        wish = wish_of(filters_of(request.GET), sight_of(request.user).entries())
        header = begin(wish, form, _by(request))
    except RequestRefused as refusal:
        return errors.refusal(request, refusal.http_status, refusal.message)
    except Malformed as malformed:
        return errors.refusal(request, 400, str(malformed))
    except CannotExport as refused:
        return errors.refusal(request, 404, str(refused))
    lines = writing.lines(header, wish.matching, form)
    response = StreamingHttpResponse(_chunks(lines), content_type=form.media_type)
    name = f"slotboard-history-{header.first}-{header.last}.{form.name}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _form(request: HttpRequest) -> Form:
    if roles_of(request.user).isdisjoint(AUDITING):
        raise RequestRefused(
            Reason.NOT_PERMITTED,
            "The history is exported by auditors and administrators; ask one of them for the file.",
        )
    form = FORMS.get(request.POST.get("format", "ndjson"))
    if form is None:
        raise RequestRefused(
            Reason.INVALID_REQUEST, f"There is no such format; choose one of: {', '.join(FORMS)}."
        )
    return form


def _by(request: HttpRequest) -> dict[str, str | None]:
    actor = actor_of(request)
    return {"actor": actor.name, "door": actor.door, "address": actor.address, "token": None}


async def _chunks(lines: Generator[bytes]) -> AsyncIterator[bytes]:
    """Give the lines in chunks, each read in the request's own thread, which holds its database connection.

    Django would collect an ordinary iterator in memory as a whole before it sends the first of it.
    """
    try:
        while chunk := await sync_to_async(_chunk)(lines):
            yield chunk
    finally:  # also where the reader has gone away
        await sync_to_async(lines.close)()


def _chunk(lines: Generator[bytes]) -> bytes:
    chunk = bytearray()
    for line in lines:
        chunk += line
        if len(chunk) >= _CHUNK:
            break
    return bytes(chunk)
