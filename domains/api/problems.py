"""Every error of the API in one form: a reason code and a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pydantic
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Schema
from ninja.errors import AuthenticationError, ValidationError
from pydantic import Field

from domains.operations import unread
from domains.operations.refused import RequestRefused
from domains.operations.tokens import unauthorised
from domains.vcpu.reasons import Reason


class Problem(Schema):
    """Why a request was refused."""

    code: Reason = Field(description="One of the reason codes; they keep their meaning for ever.")
    message: str = Field(description="One sentence for people.")


def problems(*statuses: int) -> dict[frozenset[int], type[Problem]]:
    """Describe these error statuses beside those that every address has."""
    return {frozenset({400, 401, *statuses}): Problem}


def answer(code: Reason, message: str, status: int) -> HttpResponse:
    """Give an error its form."""
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return JsonResponse({"code": code, "message": message}, status=status, headers=headers)


def on_refusal(request: HttpRequest, refusal: RequestRefused) -> HttpResponse:
    """Answer what the write path, or the caller's token, was refused for."""
    unread.attach(request, refusal)
    return answer(refusal.code, refusal.message, refusal.http_status)


def on_nobody(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """Answer a request that comes with neither a token nor a session."""
    return on_refusal(
        request,
        unauthorised(
            "Nobody is signed in: send a token as “Authorization: Bearer …”; /account/tokens/ makes them."
        ),
    )


def on_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer a path or query that does not fit its description."""
    first = error.errors[0]
    words = f"“{first['loc'][-1]}” does not fit: {_words(first)}."
    return on_refusal(request, RequestRefused(Reason.INVALID_REQUEST, words))


def body_sentence(error: pydantic.ValidationError, shape: type[pydantic.BaseModel]) -> str:
    """Say in one sentence what is wrong with a body that should have been of this shape."""
    first: Mapping[str, Any] = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return f"The body is not JSON: {str(first['ctx']['error'])[:200]}."
    if not first["loc"]:
        return "The body must be a JSON object."
    name = str(first["loc"][0])
    field = shape.model_fields.get(name)
    if field is None:
        return f"There is no field “{name[:80]}”; the fields are {', '.join(shape.model_fields)}."
    return f"“{name}” must be {field.description}."


def _words(error: Mapping[str, Any]) -> str:
    message = str(error["msg"])
    return message[:1].lower() + message[1:]
