from __future__ import annotations

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import domains.models.historywords
from domains.history.reindex import fill

# The full-text index. Words come with nothing but spaces or quotes between them, so neither database's own idea of
# a word has a say. A pending list would have to be searched as a whole each time.
SQLITE = (
    """
    CREATE VIRTUAL TABLE domains_historywords USING fts5(words, tokenize='ascii', detail='none', prefix='1 2 3')
    """,
)
POSTGRESQL = (
    "CREATE TABLE domains_historywords (rowid bigint PRIMARY KEY, words tsvector NOT NULL)",
    "CREATE INDEX line_words ON domains_historywords USING gin (words) WITH (fastupdate = off)",
)


def index_words(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    statements = POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE
    with schema_editor.connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def drop_words(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("DROP TABLE domains_historywords")


def fold_entries(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    fill(apps.get_model("domains", "HistoryLine"), apps.get_model("domains", "HistoryWords"))


class Migration(migrations.Migration):
    dependencies = [("domains", "0004_token")]

    operations = [
        migrations.CreateModel(
            name="HistoryLine",
            fields=[
                ("seq", models.BigIntegerField(primary_key=True, serialize=False)),
                ("last_seq", models.BigIntegerField()),
                ("time", models.TextField()),
                ("latest", models.TextField()),
                ("kind", models.TextField()),
                ("host", models.TextField(null=True)),
                ("domain_name", models.TextField(null=True)),
                ("domain_uuid", models.TextField(null=True)),
                ("operation", models.BigIntegerField(null=True, unique=True)),
                ("actor", models.TextField(null=True)),
                ("door", models.TextField(null=True)),
                ("action", models.TextField(null=True)),
                ("status", models.TextField(null=True)),
                ("reason", models.TextField(null=True)),
            ],
            options={
                "ordering": ["-seq"],
                "indexes": [
                    models.Index(fields=["domain_uuid", "-seq"], name="line_of_domain"),
                    models.Index(
                        fields=["actor", "-seq"],
                        condition=models.Q(domain_uuid__isnull=True),
                        name="line_of_no_domain",
                    ),
                    models.Index(fields=["latest", "seq"], name="line_by_time"),
                    models.Index(
                        fields=["-seq"],
                        condition=models.Q(time__lt=models.F("latest")),
                        name="line_out_of_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoryWords",
            fields=[
                (
                    "line",
                    models.OneToOneField(
                        db_column="rowid",
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="index",
                        serialize=False,
                        to="domains.historyline",
                    ),
                ),
                ("words", domains.models.historywords.WordsField()),
            ],
            options={"db_table": "domains_historywords", "managed": False},
        ),
        migrations.RunPython(index_words, drop_words),
        migrations.RunPython(fold_entries, migrations.RunPython.noop),
    ]
