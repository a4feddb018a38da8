from __future__ import annotations

from datetime import timedelta

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Case, Count, F, Sum, Value, When

from domains.models.tally import BOUNDS

FINAL = ("succeeded", "partial", "failed", "cancelled")


def count_what_was(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Begin with what the operations so far came to, each counted once."""
    outcomes = apps.get_model("domains", "Operation").objects.filter(status__in=FINAL).order_by()
    counted = outcomes.values("action", "status", "reason").annotate(count=Count("pk"))
    outcome = apps.get_model("domains", "Outcome")
    outcome.objects.bulk_create(outcome(**row) for row in counted)

    took = models.ExpressionWrapper(F("settled_at") - F("operation__created_at"), models.DurationField())
    spans = [When(took__lte=timedelta(seconds=bound), then=number) for number, bound in enumerate(BOUNDS)]
    bucket = Case(*spans, default=Value(len(BOUNDS)), output_field=models.PositiveSmallIntegerField())
    seen = apps.get_model("domains", "Effect").objects.filter(state="done", settled_at__isnull=False)
    rows = (
        seen.annotate(took=took, bucket=bucket)
        .order_by()
        .values("operation__action", "side", "bucket")
        .annotate(count=Count("pk"), together=Sum("took"))
    )
    confirmation = apps.get_model("domains", "Confirmation")
    confirmation.objects.bulk_create(
        confirmation(
            action=row["operation__action"],
            side=row["side"],
            bucket=row["bucket"],
            count=row["count"],
            seconds=row["together"].total_seconds(),
        )
        for row in rows
    )


class Migration(migrations.Migration):
    dependencies = [
        ("domains", "0008_followup_indexes"),
    ]

    operations = [
        migrations.CreateModel(
            name="Confirmation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("action", models.CharField(max_length=20)),
                ("side", models.CharField(max_length=10)),
                ("bucket", models.PositiveSmallIntegerField()),
                ("count", models.BigIntegerField()),
                ("seconds", models.FloatField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("action", "side", "bucket"), name="confirmation_counted_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Outcome",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("action", models.CharField(max_length=20)),
                ("status", models.CharField(max_length=20)),
                ("reason", models.CharField(blank=True, max_length=40)),
                ("count", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("action", "status", "reason"), name="outcome_counted_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PublishedHead",
            fields=[
                ("id", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("seq", models.BigIntegerField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="published_head_single_row")
                ],
            },
        ),
        migrations.RunPython(count_what_was, migrations.RunPython.noop),
    ]
