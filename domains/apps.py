"""The one Django application: everything that Slotboard knows and does."""

from __future__ import annotations

from django.apps import AppConfig


class DomainsConfig(AppConfig):
    """Hosts, domains, operations and their history."""

    name = "domains"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Announce when rights change, in whichever process it happens."""
        from domains.push import rights  # noqa: PLC0415  # models can be imported only now

        rights.watch()
