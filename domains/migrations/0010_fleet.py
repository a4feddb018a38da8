from __future__ import annotations

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Max, OuterRef, Subquery

import domains.models.slotcount
from domains.models.slotcount import count_of, differs_field

BATCH = 500


def count_slots(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    domain = apps.get_model("domains", "Domain")
    rows = domain._default_manager.only("live", "config")
    for row in rows.iterator(chunk_size=BATCH):
        counts = {"live_count": count_of(row.live), "config_count": count_of(row.config)}
        domain._default_manager.filter(pk=row.pk).update(**counts)


def note_operations(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    operations = apps.get_model("domains", "Operation")._default_manager.filter(domain=OuterRef("pk"))
    newest = operations.order_by().values("domain").annotate(newest=Max("pk")).values("newest")
    apps.get_model("domains", "Domain")._default_manager.update(last_operation=Subquery(newest))


class Migration(migrations.Migration):
    dependencies = [("domains", "0008_followup_indexes")]

    operations = [
        migrations.AddField(
            model_name="domain",
            name="live_count",
            field=domains.models.slotcount.CountField(of="live"),
        ),
        migrations.AddField(
            model_name="domain",
            name="config_count",
            field=domains.models.slotcount.CountField(of="config"),
        ),
        migrations.AddField(model_name="domain", name="differs", field=differs_field()),
        migrations.AddField(
            model_name="domain",
            name="last_operation",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="domains.operation",
            ),
        ),
        migrations.RunPython(count_slots, migrations.RunPython.noop),
        migrations.RunPython(note_operations, migrations.RunPython.noop),
    ]
