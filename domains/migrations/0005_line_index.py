from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# Words come with nothing but spaces between them, so neither database's own idea of a word has a say.
SQLITE = (
    """
    CREATE VIRTUAL TABLE domains_historywords USING fts5(
        words, content='domains_historyline', content_rowid='seq', tokenize='ascii', detail='none'
    )
    """,
    """
    CREATE TRIGGER historyline_words_added AFTER INSERT ON domains_historyline
    BEGIN INSERT INTO domains_historywords (rowid, words) VALUES (NEW.seq, NEW.words); END
    """,
    """
    CREATE TRIGGER historyline_words_removed AFTER DELETE ON domains_historyline
    BEGIN
        INSERT INTO domains_historywords (domains_historywords, rowid, words) VALUES ('delete', OLD.seq, OLD.words);
    END
    """,
    """
    CREATE TRIGGER historyline_words_changed AFTER UPDATE OF words ON domains_historyline
    BEGIN
        INSERT INTO domains_historywords (domains_historywords, rowid, words) VALUES ('delete', OLD.seq, OLD.words);
        INSERT INTO domains_historywords (rowid, words) VALUES (NEW.seq, NEW.words);
    END
    """,
)
POSTGRESQL = (
    """
    ALTER TABLE domains_historyline
    ADD COLUMN terms tsvector GENERATED ALWAYS AS (array_to_tsvector(string_to_array(words, ' '))) STORED
    """,
    "CREATE INDEX historyline_terms ON domains_historyline USING gin (terms)",
)


def index_words(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    statements = POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE
    with schema_editor.connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def drop_words(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "sqlite":
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("DROP TABLE domains_historywords")


class Migration(migrations.Migration):
    dependencies = [("domains", "0004_token")]

    operations = [
        migrations.CreateModel(
            name="HistoryLine",
            fields=[
                ("seq", models.BigIntegerField(primary_key=True, serialize=False)),
                ("last_seq", models.BigIntegerField()),
                ("time", models.TextField()),
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
                ("words", models.TextField(blank=True)),
            ],
            options={"ordering": ["-seq"]},
        ),
        migrations.RunPython(index_words, drop_words),
    ]
