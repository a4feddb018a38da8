"""What the fleet is sorted and filtered by: columns that follow from others of a domain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact

from domains.vcpu import cpulist
from domains.vcpu.slots import SlotMapJson

if TYPE_CHECKING:
    _SmallField = models.PositiveSmallIntegerField[int, int]
else:
    _SmallField = models.PositiveSmallIntegerField  # which takes no types in brackets while it runs


def count_of(slots: SlotMapJson | None) -> int:
    """Give how many slots of a stored map are present, 0 without a map. Raises ``ValueError`` for a malformed one."""
    return len(cpulist.load(slots["present"])) if slots else 0


class CountField(_SmallField):
    """How many slots of the map in the column ``of`` are present. Whoever saves a row need not think of it.

    An update of some columns passes by it: there ``domains.inventory`` writes both.
    """

    def __init__(self, *, of: str, **options: Any) -> None:  # noqa: ANN401  # as any field's
        self.of = of
        super().__init__(**{**options, "default": 0, "editable": False})

    def deconstruct(self) -> Any:  # noqa: ANN401  # as any field's
        """Describe it for migrations."""
        name, path, positional, options = super().deconstruct()
        return name, path, positional, {**options, "of": self.of}

    def pre_save(self, model_instance: models.Model, add: bool) -> int:
        """Count anew."""
        count = count_of(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, count)
        return count


def differs_field() -> models.GeneratedField:
    """Make the column that says whether both sides are there and hold different slots."""
    live, config = (KeyTextTransform("present", side) for side in ("live", "config"))
    unlike = Q(live__isnull=False, config__isnull=False) & ~Q(Exact(live, config))
    return models.GeneratedField(
        expression=Case(When(unlike, then=Value(True)), default=Value(False)),
        output_field=models.BooleanField(),
        db_persist=True,
    )


def changed_field() -> models.GeneratedField:
    """Make the column with the number of the last operation, or 0: what has none is last on both databases."""
    return models.GeneratedField(
        expression=Coalesce(F("last_operation"), Value(0), output_field=models.BigIntegerField()),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )


def fleet_indexes() -> list[models.Index]:
    """Make an index for each order of the fleet, one to count by, and one to find a UUID by.

    Each holds all that a list is narrowed by, rights included, so that no row is read that is not shown. Even the
    condition stands among the columns: SQLite would look it up in the row.
    """
    orders = {
        "host": ["host", "name", "id", "state", "differs"],
        "name": ["name", "id", "host", "state", "differs"],
        "state": ["state", "name", "id", "host", "differs"],
        "live": ["-live_count", "name", "id", "host", "state", "differs"],
        "config": ["-config_count", "name", "id", "host", "state", "differs"],
        "change": ["-changed", "name", "id", "host", "state", "differs"],
        "count": ["host", "state", "differs", "name"],
    }
    here = Q(gone_at__isnull=True)
    return [
        *(
            models.Index(fields=[*fields, "gone_at"], condition=here, name=f"domain_by_{name}")
            for name, fields in orders.items()
        ),
        models.Index(fields=["uuid"], name="domain_by_uuid"),
    ]
