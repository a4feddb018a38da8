from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("domains", "0006_verification")]
    operations = [
        migrations.CreateModel(
            name="FailedSignIns",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("address", models.CharField(max_length=64, unique=True)),
                ("began_at", models.DateTimeField(db_index=True)),
                ("last_at", models.DateTimeField()),
                ("entries", models.PositiveIntegerField(default=0)),
                ("left_out", models.PositiveIntegerField(default=0)),
            ],
            options={"verbose_name_plural": "failed sign-ins"},
        ),
        migrations.AddField(
            model_name="operation",
            name="address",
            field=models.CharField(blank=True, default="", max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="operation",
            name="token",
            field=models.CharField(blank=True, default="", max_length=100),
            preserve_default=False,
        ),
    ]
