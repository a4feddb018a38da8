"""The product's addresses, and an empty signed-in page: the frame around every other."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from dashboard.urls import urlpatterns as product
from domains.web.access import member


@member
def frame(request: HttpRequest) -> HttpResponse:
    """Draw the base template with nothing in it."""
    return render(request, "base.html", {"here": "operations"})


urlpatterns = [path("bench/frame/", frame), *product]
