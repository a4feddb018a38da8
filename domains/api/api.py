"""The JSON API: its addresses, who may call, and its errors."""

from __future__ import annotations

from django.conf import settings
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError

from domains.api import batches, changes, domains, hosts, operations, problems
from domains.api.caller import Bearer, Session
from domains.operations.refused import RequestRefused

api = NinjaAPI(
    title="Slotboard",
    version=settings.VERSION,
    description="Choose which vCPUs of a libvirt guest are present, and read what became of it. Errors are"
    " `{code, message}`. Fields may be added to every answer at any time.",
    docs_url=None,  # the page would load its scripts from somewhere else
    urls_namespace="api",
    auth=[Bearer(), Session()],
)
# ninja's type has handlers expect a class in place of an error as well, which it never passes.
api.add_exception_handler(RequestRefused, problems.on_refusal)  # type: ignore[arg-type]
api.add_exception_handler(AuthenticationError, problems.on_nobody)  # type: ignore[arg-type]
api.add_exception_handler(ValidationError, problems.on_invalid)  # type: ignore[arg-type]
for _room in (hosts, domains, changes, operations, batches):
    api.add_router("", _room.router)
