from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Count

from domains.models.tally import BOUNDS

FINAL = ("succeeded", "partial", "failed", "cancelled")


def count_what_was(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Begin with what the operations so far came to, each counted once."""
    outcomes = apps.get_model("domains", "Operation").objects.filter(status__in=FINAL).order_by()
    counted = outcomes.values("action", "status", "reason").annotate(count=Count("pk"))
    outcome = apps.get_model("domains", "Outcome")
    outcome.objects.bulk_create(outcome(**row) for row in counted)

    counts, seconds = Counter[tuple[str, str, int]](), defaultdict[tuple[str, str, int], float](float)
    seen = apps.get_model("domains", "Effect").objects.filter(state="done")
    rows = seen.order_by().values_list("operation__action", "side", "operation__created_at", "settled_at")
    for action, side, asked_at, seen_at in rows.iterator(chunk_size=5000):
        if seen_at is None:
            continue
        took = max(0.0, (seen_at - asked_at).total_seconds())
        key = action, side, bisect_left(BOUNDS, took)
        counts[key] += 1
        seconds[key] += took
    confirmation = apps.get_model("domains", "Confirmation")
    confirmation.objects.bulk_create(
        confirmation(
            action=action, side=side, bucket=bucket, count=count, seconds=seconds[action, side, bucket]
        )
        for (action, side, bucket), count in counts.items()
    )


class Migration(migrations.Migration):
    dependencies = [
        ("domains", "0013_places"),
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
