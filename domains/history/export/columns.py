"""The columns of an exported table, made of an entry's body for people and spreadsheets."""

from __future__ import annotations

import json
from collections.abc import Mapping

COLUMNS = (
    "time", "kind", "actor", "door", "address", "token", "host", "domain", "uuid", "operation", "action", "vcpu",
    "affect", "status", "late", "reason", "message", "note", "duration",
    "batch",
)  # fmt: skip
_PLACES: Mapping[str, tuple[str, ...]] = {
    "domain": ("domain", "name"),
    "uuid": ("domain", "uuid"),
    "vcpu": ("requested", "vcpu"),
    "affect": ("requested", "affect"),
}
# With these a cell is taken for a formula, by one program or another; the last four are their wide forms.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def cells_of(body: str) -> dict[str, str]:
    """Give the text of each column: nothing where the body has nothing, or is no JSON that makes sense."""
    try:
        told = json.loads(body)
        return {column: cell(_text(_found(told, _PLACES.get(column, (column,))))) for column in COLUMNS}
    except (ValueError, RecursionError):
        return {}


def cell(text: str) -> str:
    """Make foreign text safe for a spreadsheet: no formula, and no second line.

    An apostrophe before it lets a spreadsheet take what follows as text. This changes what is shown, not the
    body, which is what was hashed.
    """
    harmless = not text.startswith(_FORMULA) and not text.lstrip().startswith(_FORMULA)
    flat = text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)
    return flat if harmless else f"'{flat}"


def _found(value: object, path: tuple[str, ...]) -> object:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return value if isinstance(value, str) else json.dumps(value)
