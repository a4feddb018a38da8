from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

_BIG = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
_STATUSES = [
    ("running", "Running"),
    ("stopping", "Stopping"),
    ("stopped", "Stopped"),
    ("finished", "Finished"),
]
_STATES = [
    ("due", "Due"),
    ("asked", "Asked"),
    ("nothing", "Nothing"),
    ("cannot", "Cannot"),
    ("refused", "Refused"),
    ("dropped", "Dropped"),
]
_UNDER_WAY = Q(status__in=("running", "stopping"))


class Migration(migrations.Migration):
    dependencies = [
        ("domains", "0010_fleet"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                ("id", _BIG),
                ("action", models.CharField(max_length=20)),
                ("vcpu", models.JSONField(null=True)),
                ("count", models.PositiveIntegerField(null=True)),
                ("affect", models.CharField(max_length=10)),
                ("chosen", models.JSONField(default=dict)),
                ("parallel", models.PositiveIntegerField()),
                ("stop_on_failure", models.BooleanField(default=False)),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="batches",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("as_system", models.BooleanField(default=False)),
                ("actor", models.CharField(max_length=200)),
                ("door", models.CharField(max_length=20)),
                ("address", models.CharField(blank=True, max_length=64)),
                ("token", models.CharField(blank=True, max_length=100)),
                ("note", models.TextField(blank=True)),
                ("idempotency_key", models.CharField(blank=True, max_length=128)),
                (
                    "retry_of",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="retried_by",
                        to="domains.batch",
                    ),
                ),
                ("status", models.CharField(choices=_STATUSES, default="running", max_length=20)),
                ("message", models.TextField(blank=True)),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("revision", models.BigIntegerField(db_index=True)),
            ],
            options={
                "ordering": ["-id"],
                "verbose_name_plural": "batches",
                "indexes": [models.Index(condition=_UNDER_WAY, fields=["id"], name="batch_under_way")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=~Q(idempotency_key=""),
                        fields=("actor", "idempotency_key"),
                        name="batch_idempotency_key",
                    ),
                    models.CheckConstraint(
                        condition=Q(status__in=("running", "stopping"), finished_at__isnull=True)
                        | (~_UNDER_WAY & Q(finished_at__isnull=False)),
                        name="batch_finished_if_over",
                    ),
                ],
            },
        ),
        # Null and without a default, so that SQLite adds the column in place.
        migrations.AddField(
            model_name="operation",
            name="batch",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="operations",
                to="domains.batch",
            ),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(condition=Q(batch__isnull=False), fields=["batch"], name="operation_of_batch"),
        ),
        migrations.CreateModel(
            name="BatchItem",
            fields=[
                ("id", _BIG.clone()),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="items", to="domains.batch"
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                (
                    "domain",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="batch_items",
                        to="domains.domain",
                    ),
                ),
                ("host_slug", models.CharField(max_length=100)),
                ("domain_name", models.TextField()),
                ("domain_uuid", models.UUIDField()),
                ("vcpu", models.JSONField(null=True)),
                ("left", models.JSONField(null=True)),
                ("plan", models.TextField()),
                ("reason", models.CharField(blank=True, max_length=40)),
                ("state", models.CharField(choices=_STATES, max_length=10)),
                (
                    "operation",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="batch_item",
                        to="domains.operation",
                    ),
                ),
                (
                    "retry_of",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="domains.operation",
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
                "indexes": [models.Index(fields=["batch", "state", "position"], name="batch_item_next")],
                "constraints": [
                    models.UniqueConstraint(fields=("batch", "position"), name="batch_item_position"),
                    models.UniqueConstraint(fields=("batch", "domain"), name="batch_item_once_per_guest"),
                    models.CheckConstraint(
                        condition=Q(state="asked", operation__isnull=False)
                        | (~Q(state="asked") & Q(operation__isnull=True)),
                        name="batch_item_asked_with_operation",
                    ),
                ],
            },
        ),
    ]
