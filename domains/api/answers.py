"""What leaves the API is JSON and is not kept, whoever answered."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from domains.vcpu.reasons import Reason

PREFIX = "/api/"
_DESCRIPTION = "/api/v1/openapi.json"


class JsonAnswers:
    """Middleware: gives the errors that Django itself answers below ``/api/`` the form of all the others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on and look at what comes back."""
        response = self.get_response(request)
        if request.path.startswith(PREFIX):
            response["Cache-Control"] = "no-store"
            if isinstance(response, HttpResponse) and response.status_code >= 400:
                _as_json(request, response)
        return response


def _as_json(request: HttpRequest, response: HttpResponse) -> None:
    if response.get("Content-Type", "").startswith("application/json"):
        return
    code = None if response.status_code >= 500 else Reason.INVALID_REQUEST
    response.content = json.dumps({"code": code, "message": _sentence(request, response)}).encode()
    response["Content-Type"] = "application/json"
    response["Content-Length"] = str(len(response.content))


def _sentence(request: HttpRequest, response: HttpResponse) -> str:
    if response.status_code == 404:
        return f"There is nothing at {request.path[:200]}; {_DESCRIPTION} describes every address."
    if response.status_code == 405:
        return f"{request.method} is not answered here; use {response.get('Allow', 'another method')}."
    if response.status_code >= 500:
        return (
            "Something broke on our side; the log says what. The list of operations shows what was accepted."
        )
    return f"The request as a whole makes no sense; {_DESCRIPTION} describes what does."
