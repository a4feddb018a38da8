"""The documents of docs/ as pages, so that help is there wherever Slotboard is, with or without a network."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from domains.web.access import member
from domains.web.documents import IMAGES, INDEX, document, titles

_TYPES = {".png": "image/png", ".svg": "image/svg+xml"}
_HOUR = "private, max-age=3600"


@require_safe
@member
def manual(request: HttpRequest, name: str = INDEX) -> HttpResponse:
    """Show one document, the index for none. Raises :class:`Http404`."""
    if name not in titles():
        raise Http404
    context = {"here": "help", "name": name, "document": document(name), "titles": titles()}
    return render(request, "manual.html", context)


@require_safe
@member
def picture(request: HttpRequest, name: str) -> HttpResponse:
    """Give a picture of the documents. Raises :class:`Http404`."""
    path = next((path for path in IMAGES.iterdir() if path.name == name and path.suffix in _TYPES), None)
    if path is None:
        raise Http404
    return HttpResponse(path.read_bytes(), content_type=_TYPES[path.suffix], headers={"Cache-Control": _HOUR})
