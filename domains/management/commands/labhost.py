"""manage.py labhost: make the lab known as the host lab."""

from __future__ import annotations

import os
import subprocess

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from domains.hypervisor.address import AddressError
from domains.hypervisor.address_uri import parse_uri
from domains.models import Host
from domains.models.clock import now
from domains.models.host import address_policy
from domains.models.revision import next_revision
from domains.push.stream import publish

SLUG = "lab"


class Command(BaseCommand):
    """Adds the lab to the hosts, or corrects its address."""

    help = "Make the lab that belongs to this data folder known as the host lab, monitor events switched on."
    requires_system_checks = ()

    def handle(self, *_: object, **__: object) -> None:
        """Write the host's row, unless it is right already."""
        command = [str(settings.BASE_DIR / "script" / "lab"), "uri"]
        environment = os.environ | {"SLOTBOARD_VAR": str(settings.VAR)}
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        try:
            address = parse_uri(done.stdout.strip(), address_policy())
        except AddressError as error:
            raise CommandError(f"The lab cannot be a host: {error.sentence}") from error
        fields = {"driver": address.driver, "transport": address.transport, "path": address.path}
        fields |= {"socket": address.socket}
        if Host.objects.filter(slug=SLUG, **fields).exists():
            return
        with transaction.atomic():
            revision = next_revision()
            host, _created = Host.objects.update_or_create(
                slug=SLUG,
                defaults={**fields, "revision": revision},
                create_defaults={**fields, "monitor": True, "state_since": now(), "revision": revision},
            )
            publish(f"host:{host.pk}", revision)
