"""manage.py labhost: make the lab known as the host lab."""

from __future__ import annotations

import os
import subprocess

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from domains.hypervisor.address import AddressError
from domains.hypervisor.address_uri import parse_uri
from domains.management.administering import operating_systems_user, refusals_told
from domains.models import Host
from domains.models.host import address_policy
from domains.operations.hosts import add_host, change_host
from domains.operations.hosts_rules import fields_of

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
        fields = fields_of(address)
        actor = operating_systems_user()
        with refusals_told("labhost", {}):
            if Host.objects.filter(slug=SLUG).exists():
                change_host(actor=actor, slug=SLUG, fields=fields)
            else:
                add_host(actor=actor, slug=SLUG, fields={**fields, "monitor": True})
