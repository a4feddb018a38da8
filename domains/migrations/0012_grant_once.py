from __future__ import annotations

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models.functions import Coalesce


def forget_repetitions(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Keep one of several grants that say the same: nobody's rights change by that."""
    grants = apps.get_model("domains", "Grant").objects
    said = set()
    for grant in grants.order_by("pk"):
        same = (grant.user_id, grant.group_id, grant.role, grant.host_id, grant.pattern)
        if same in said:
            grant.delete()
        said.add(same)


def _number(field: str) -> Coalesce:
    return Coalesce(field, 0, output_field=models.BigIntegerField())


class Migration(migrations.Migration):
    dependencies = [("domains", "0011_batch")]
    operations = [
        migrations.RunPython(forget_repetitions, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="grant",
            constraint=models.UniqueConstraint(
                _number("user"), _number("group"), "role", _number("host"), "pattern", name="grant_once"
            ),
        ),
    ]
