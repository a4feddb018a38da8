"""Finding changes whose announcement never came: the database knows them all."""

from __future__ import annotations

from domains.models import Batch, Domain, Host, Operation
from domains.models.revision import current_revision

TABLES = {"domain": Domain, "operation": Operation, "host": Host, "batch": Batch}


def changed_since(revision: int) -> tuple[int, dict[str, int]]:
    """Give the highest revision that is certainly included, and key to revision of all that is above ``revision``.

    Revisions become visible in their order, so whatever is committed while the tables are read is above the
    number that was taken before, and found the next time.
    """
    upto = current_revision()
    changed = {
        f"{kind}:{pk}": found
        for kind, model in TABLES.items()
        for pk, found in model._default_manager.filter(revision__gt=revision).values_list("pk", "revision")
    }
    return upto, changed
