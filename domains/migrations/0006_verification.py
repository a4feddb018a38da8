from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# The guards of 0002, made tighter: an "archived" entry lets go only of a range with which the table begins, which lies
# before it and whose ends are whole numbers. SQLite's REPLACE also removes the row whose rowid a new one claims, so a new row must come last by that
# too, right behind the one that it follows; what the rowid will be is only certain after the insert.
SQLITE = (
    "DROP TRIGGER history_refuses_delete",
    """
    CREATE TRIGGER history_refuses_delete BEFORE DELETE ON domains_historyentry
    WHEN NOT EXISTS (
        SELECT 1 FROM domains_historyentry AS archived
        WHERE archived.kind = 'archived' AND archived.seq > OLD.seq
        AND json_type(archived.body, '$.from') = 'integer' AND json_type(archived.body, '$.to') = 'integer'
        AND OLD.seq BETWEEN json_extract(archived.body, '$.from') AND json_extract(archived.body, '$.to')
        AND NOT EXISTS (
            SELECT 1 FROM domains_historyentry AS older WHERE older.seq < json_extract(archived.body, '$.from')
        )
    )
    BEGIN SELECT RAISE(ABORT, 'the history is append-only: only an archived range may be removed'); END
    """,
    """
    CREATE TRIGGER history_replaces_nothing AFTER INSERT ON domains_historyentry
    WHEN NEW.rowid <> (SELECT MAX(rowid) FROM domains_historyentry)
    OR (NEW.seq > 1 AND NOT EXISTS (SELECT 1 FROM domains_historyentry WHERE seq = NEW.seq - 1))
    BEGIN SELECT RAISE(ABORT, 'the history is append-only: an entry replaces no other'); END
    """,
)
# There the oldest entry is asked for by MIN, which the index answers whatever the planner expects of it: this is run
# for each of maybe a million rows. The path is fixed, with the temporary schema last: otherwise a temporary table of the ledger's name, which anybody
# may make, would be the one that is asked.
POSTGRESQL = """
    CREATE OR REPLACE FUNCTION history_guard() RETURNS trigger LANGUAGE plpgsql
    SET search_path = {schema}, pg_temp AS $guard$
    DECLARE head record;
    BEGIN
        IF TG_OP = 'INSERT' THEN
            SELECT seq, hash INTO head FROM domains_historyentry ORDER BY seq DESC LIMIT 1;
            IF NEW.seq <> COALESCE(head.seq, 0) + 1 OR NEW.previous_hash <> COALESCE(head.hash, repeat('0', 64)) THEN
                RAISE EXCEPTION 'the history is append-only: an entry must follow the last one';
            END IF;
            RETURN NEW;
        END IF;
        IF TG_OP = 'DELETE' AND EXISTS (
            SELECT 1 FROM domains_historyentry AS archived
            WHERE archived.kind = 'archived' AND archived.seq > OLD.seq
            AND CASE WHEN jsonb_typeof(archived.body::jsonb -> 'from') <> 'number'
                OR jsonb_typeof(archived.body::jsonb -> 'to') <> 'number'
                THEN FALSE
                WHEN OLD.seq BETWEEN (archived.body::jsonb -> 'from')::numeric
                    AND (archived.body::jsonb -> 'to')::numeric
                THEN (
                    SELECT MIN(older.seq) FROM domains_historyentry AS older
                    WHERE older.seq < ceil(GREATEST((archived.body::jsonb -> 'from')::numeric, 0))::bigint
                ) IS NULL
                ELSE FALSE END
        ) THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'the history is append-only: % is refused', TG_OP;
    END
    $guard$
"""


def guard(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT current_schema()")
            (schema,) = cursor.fetchone()
            cursor.execute(POSTGRESQL.format(schema=connection.ops.quote_name(schema)))
        else:
            for statement in SQLITE:
                cursor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("domains", "0005_line_index")]
    operations = [
        migrations.CreateModel(
            name="Verification",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("actor", models.CharField(max_length=200)),
                ("entries", models.BigIntegerField()),
                ("head_seq", models.BigIntegerField()),
                ("head_hash", models.CharField(max_length=64)),
                ("against", models.CharField(blank=True, max_length=255)),
                ("against_seq", models.BigIntegerField(null=True)),
                ("against_hash", models.CharField(blank=True, max_length=64)),
                ("kind", models.CharField(blank=True, max_length=20)),
                ("finding", models.TextField(blank=True)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.RunPython(guard, migrations.RunPython.noop),
    ]
