from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# A row may go only when an entry of kind "archived" names the range that holds it. An insert must continue the
# chain: SQLite's REPLACE removes rows without firing a delete trigger, so whatever it could replace is refused.
SQLITE = (
    """
    CREATE TRIGGER history_refuses_update BEFORE UPDATE ON domains_historyentry
    BEGIN SELECT RAISE(ABORT, 'the history is append-only: entries are never changed'); END
    """,
    """
    CREATE TRIGGER history_refuses_delete BEFORE DELETE ON domains_historyentry
    WHEN NOT EXISTS (
        SELECT 1 FROM domains_historyentry AS archived WHERE archived.kind = 'archived'
        AND OLD.seq BETWEEN json_extract(archived.body, '$.from') AND json_extract(archived.body, '$.to')
    )
    BEGIN SELECT RAISE(ABORT, 'the history is append-only: only an archived range may be removed'); END
    """,
    """
    CREATE TRIGGER history_continues_chain BEFORE INSERT ON domains_historyentry
    WHEN NEW.seq <> COALESCE((SELECT MAX(seq) FROM domains_historyentry), 0) + 1
    OR NEW.previous_hash <> COALESCE(
        (SELECT hash FROM domains_historyentry ORDER BY seq DESC LIMIT 1),
        '0000000000000000000000000000000000000000000000000000000000000000'
    )
    OR EXISTS (SELECT 1 FROM domains_historyentry WHERE hash = NEW.hash)
    BEGIN SELECT RAISE(ABORT, 'the history is append-only: an entry must follow the last one'); END
    """,
)
POSTGRESQL = (
    """
    CREATE FUNCTION history_guard() RETURNS trigger LANGUAGE plpgsql AS $guard$
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
            SELECT 1 FROM domains_historyentry AS archived WHERE archived.kind = 'archived'
            AND OLD.seq BETWEEN (archived.body::jsonb ->> 'from')::bigint AND (archived.body::jsonb ->> 'to')::bigint
        ) THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'the history is append-only: % is refused', TG_OP;
    END
    $guard$
    """,
    """
    CREATE TRIGGER history_guard_rows BEFORE INSERT OR UPDATE OR DELETE ON domains_historyentry
    FOR EACH ROW EXECUTE FUNCTION history_guard()
    """,
    """
    CREATE TRIGGER history_guard_truncate BEFORE TRUNCATE ON domains_historyentry
    FOR EACH STATEMENT EXECUTE FUNCTION history_guard()
    """,
)


def guard(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    statements = POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE
    with schema_editor.connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def start_revision(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("domains", "Revision").objects.get_or_create(id=1, defaults={"value": 0})


class Migration(migrations.Migration):
    dependencies = [("domains", "0001_initial")]
    operations = [
        migrations.RunPython(guard, migrations.RunPython.noop),
        migrations.RunPython(start_revision, migrations.RunPython.noop),
    ]
