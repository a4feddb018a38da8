from typing import Any

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TARGETS = ["present", "absent", "removable", "online", "offline"]


def present_to_target(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    effect: Any = apps.get_model("domains", "Effect")
    effect.objects.filter(present=False).update(target="absent")


def target_to_present(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    effect: Any = apps.get_model("domains", "Effect")
    effect.objects.exclude(target="present").update(present=False)


class Migration(migrations.Migration):
    dependencies = [("domains", "0002_ledger_and_revision")]

    operations = [
        migrations.AddField(
            model_name="effect",
            name="target",
            field=models.CharField(
                choices=[(target, target) for target in TARGETS], default="present", max_length=10
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="effect",
            name="present",
            field=models.BooleanField(default=True),  # for the way back
        ),
        migrations.RunPython(present_to_target, target_to_present),
        migrations.RemoveField(model_name="effect", name="present"),
        migrations.AddField(
            model_name="domain",
            name="run_since",
            field=models.DateTimeField(help_text="When the run was seen to begin, if it was.", null=True),
        ),
        migrations.AddField(
            model_name="domain",
            name="booted",
            field=models.TextField(
                blank=True,
                default="",
                help_text="Slots present when the run was seen to begin, if it was: a cpulist.",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="domain",
            name="guest",
            field=models.JSONField(
                help_text="The guest kernel's own view, as its agent last told it.", null=True
            ),
        ),
        migrations.AddField(
            model_name="domain",
            name="guest_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="domain",
            name="unmarked",
            field=models.TextField(
                blank=True,
                default="",
                help_text="Slots that libvirt lists without hotpluggable: a cpulist.",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="operation",
            name="asking",
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name="host",
            name="specific",
            field=models.BooleanField(
                help_text="Plugs a vCPU by its ID, found out by asking; null while that was not possible.",
                null=True,
            ),
        ),
    ]
