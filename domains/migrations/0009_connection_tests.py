from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("domains", "0008_followup_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="host",
            name="round_trip",
            field=models.FloatField(null=True),
        ),
        migrations.CreateModel(
            name="ConnectionTest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("driver", models.CharField(default="qemu", max_length=20)),
                ("transport", models.CharField(default="unix", max_length=10)),
                ("hostname", models.CharField(blank=True, max_length=255)),
                ("port", models.PositiveIntegerField(blank=True, null=True)),
                ("username", models.CharField(blank=True, max_length=100)),
                ("path", models.CharField(default="system", max_length=100)),
                ("socket", models.CharField(blank=True, max_length=107)),
                ("credential", models.CharField(blank=True, max_length=100)),
                (
                    "monitor",
                    models.BooleanField(
                        default=False, help_text="Listen to QEMU's monitor events (read-write)."
                    ),
                ),
                ("slug", models.CharField(blank=True, max_length=100)),
                ("queue", models.CharField(blank=True, max_length=100)),
                ("actor", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField(db_index=True)),
                ("taken_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("watcher", models.CharField(blank=True, max_length=200)),
                ("answer", models.CharField(blank=True, max_length=20)),
                ("sentence", models.TextField(blank=True)),
                ("found", models.JSONField(null=True)),
                (
                    "host",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tests",
                        to="domains.host",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
    ]
