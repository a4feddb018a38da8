"""Reading the body of a POST; whatever is wrong with it has a sentence."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import pydantic
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

from domains.api.problems import body_sentence
from domains.operations.parse import NOTE_LENGTH
from domains.operations.refused import RequestRefused
from domains.vcpu.reasons import Reason

LARGEST = 65536  # every slot of the largest guest and the longest note fit in
_Shape = TypeVar("_Shape", bound=pydantic.BaseModel)
# What a database cannot hold is refused later, with its sentence; the pattern only describes it.
Note = Annotated[
    pydantic.StrictStr,
    pydantic.Field(
        max_length=NOTE_LENGTH,
        description=f"text of at most {NOTE_LENGTH} characters, without NUL: why, which ticket",
        json_schema_extra={"pattern": "^[^\\x00]*$"},
    ),
]


class NoteRequest(pydantic.BaseModel):
    """What goes with the request."""

    model_config = pydantic.ConfigDict(extra="forbid")

    note: Note = ""


def described(shape: type[pydantic.BaseModel], *, required: bool) -> dict[str, Any]:
    """Describe a body that is read by :func:`read_body`, for the OpenAPI page."""
    content = {"application/json": {"schema": shape.model_json_schema()}}
    return {"requestBody": {"required": required, "content": content}}


def read_body(request: HttpRequest, shape: type[_Shape], *, required: bool) -> _Shape:
    """Read a JSON object of this shape.

    Raises :class:`RequestRefused` (``invalid_request``) with status 400, 413 (too large) or 415 (not JSON by
    its content type).
    """
    try:
        body = request.body
    except RequestDataTooBig:
        raise _too_large() from None
    if len(body) > LARGEST:
        raise _too_large()
    if not body and not required:
        return shape()
    if not body:
        raise RequestRefused(
            Reason.INVALID_REQUEST, "There is no body; send a JSON object, {} for the defaults of all fields."
        )
    if request.content_type != "application/json":
        raise RequestRefused(
            Reason.INVALID_REQUEST,
            "Send a JSON object, with the header “Content-Type: application/json”.",
            http_status=415,
        )
    try:
        return shape.model_validate_json(body)
    except pydantic.ValidationError as error:
        raise RequestRefused(Reason.INVALID_REQUEST, body_sentence(error, shape)) from None


def _too_large() -> RequestRefused:
    return RequestRefused(
        Reason.INVALID_REQUEST, f"The body is larger than {LARGEST} bytes.", http_status=413
    )
