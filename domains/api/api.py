"""The JSON API: its addresses, who may call, and its errors."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError
from ninja.openapi.schema import OpenAPISchema

from domains.api import batches, changes, domains, hosts, operations, problems
from domains.api.caller import Bearer, Session
from domains.operations.refused import RequestRefused


class DescribedOnce(NinjaAPI):
    """The API, which puts its description together once in each process for each prefix of its addresses."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """Give the description, which is not to be changed. Of a request only the prefix matters to it."""
        return self._described(path_prefix or self.get_root_path(path_params or {}))

    @lru_cache(maxsize=4)  # noqa: B019  # there is one API, which lives as long as its process
    def _described(self, prefix: str) -> OpenAPISchema:
        return super().get_openapi_schema(path_prefix=prefix)


api = DescribedOnce(
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
