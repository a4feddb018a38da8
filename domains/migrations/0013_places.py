from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("domains", "0012_grant_once")]

    operations = [
        migrations.AddField(
            model_name="operation",
            name="claimed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(fields=["host", "status", "id"], name="operation_line"),
        ),
    ]
