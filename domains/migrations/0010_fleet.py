from __future__ import annotations

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Max, OuterRef, Subquery

from domains.models.fleetcolumns import CountField, changed_field, count_of, differs_field

BATCH = 500
FILTERED = ("state", "differs", "gone_at")
ORDERS = {
    "host": ("host", "name", "id", *FILTERED),
    "name": ("name", "id", "host", *FILTERED),
    "state": ("state", "name", "id", "host", "differs", "gone_at"),
    "live": ("-live_count", "name", "id", "host", *FILTERED),
    "config": ("-config_count", "name", "id", "host", *FILTERED),
    "change": ("-changed", "name", "id", "host", *FILTERED),
    "count": ("host", "state", "differs", "name", "gone_at"),
}
INDEXES = (
    *(
        models.Index(fields=fields, condition=models.Q(gone_at__isnull=True), name=f"domain_by_{name}")
        for name, fields in ORDERS.items()
    ),
    models.Index(fields=["uuid"], name="domain_by_uuid"),
)


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
    dependencies = [("domains", "0009_connection_tests")]

    operations = [
        migrations.AddField(
            model_name="domain",
            name="live_count",
            field=CountField(of="live"),
        ),
        migrations.AddField(
            model_name="domain",
            name="config_count",
            field=CountField(of="config"),
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
        migrations.AddField(model_name="domain", name="changed", field=changed_field()),
        *(migrations.AddIndex(model_name="domain", index=index) for index in INDEXES),
        # After the indexes: PostgreSQL makes none on a table that the same transaction has written foreign keys to.
        migrations.RunPython(count_slots, migrations.RunPython.noop),
        migrations.RunPython(note_operations, migrations.RunPython.noop),
    ]
