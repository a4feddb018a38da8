"""The form of the bodies that Slotboard writes.

The chain says that an entry stands where it was put, not who wrote it: somebody who may insert rows can append a body
that fits and is no such thing. Whoever reads bodies asks here first, and none of them has to look twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from domains.history.ledger import canonical
from domains.vcpu import cpulist

Body = dict[str, Any]
_Check = Callable[[Any], bool]
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_YEARS = ("1970", "9999")  # between which a time can be told in every zone
_LONGEST = 400  # characters of a name: what PostgreSQL can keep an index of
_LARGEST = 2**63


def body_of(written: str) -> Body | None:
    """Read the body of an entry; None where it does not have the form of one that Slotboard writes.

    Such a body is a JSON object in canonical form that says what it is about and when, and whatever else it says of
    what is known here is of the known kind. Readers may rely on that, but on no key being there.
    """
    try:
        body = json.loads(written)
        if not isinstance(body, dict) or canonical(body) != written or not _stamped(body):
            return None
        if "\\u" in written:
            json.dumps(body, ensure_ascii=False).encode()  # halves of surrogate pairs can be written nowhere
        return body if _shaped(body, _BODY) else None
    except (ValueError, TypeError, RecursionError):
        return None


def _stamped(body: Body) -> bool:
    kind, time = body.get("kind"), body.get("time")
    if not (_name(kind) and kind and isinstance(time, str) and _TIME.fullmatch(time)):
        return False
    datetime.fromisoformat(time)  # raises ValueError for the 31st of February
    return _YEARS[0] <= time < _YEARS[1]


def _shaped(value: object, shape: Mapping[str, _Check]) -> bool:
    """Whether it is an object of which each of these keys is missing, null or right."""
    if not isinstance(value, dict):
        return False
    return all(check(value[key]) for key, check in shape.items() if value.get(key) is not None)


def _text(value: object) -> bool:
    return isinstance(value, str)


def _name(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST


def _number(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) < _LARGEST


def _serial(value: object) -> bool:
    return type(value) is int and 0 <= value < _LARGEST


def _slot(value: object) -> bool:
    return type(value) is int


def _pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2


def _object(value: object) -> bool:
    return isinstance(value, dict)


def _uuid(value: object) -> bool:
    return isinstance(value, str) and str(UUID(value)) == value


def _slots(value: object) -> bool:
    return isinstance(value, str) and cpulist.load(value) is not None


def _map(value: object) -> bool:
    return isinstance(value, dict) and (not value or isinstance(value.get("present"), str))


def _maps(value: object) -> bool:
    return _shaped(value, {"live": _map, "config": _map})


def _effects(value: object) -> bool:
    return isinstance(value, list) and all(_shaped(effect, _EFFECT) for effect in value)


def _changed(value: object) -> bool:
    return isinstance(value, dict) and all(map(_pair, value.values()))


_EFFECT: Mapping[str, _Check] = {
    "vcpu": _slot,
    "side": _text,
    "state": _text,
    "target": _text,
    "libvirt": _object,
    "maximum": _pair,
    "lost": _slots,
}
_BODY: Mapping[str, _Check] = {
    "host": _name,
    "actor": _name,
    "door": _name,
    "action": _name,
    "status": _name,
    "reason": _name,
    "operation": _serial,
    "batch": _serial,
    "domain": lambda value: _shaped(value, {"name": _text, "uuid": _uuid}),
    "requested": lambda value: _shaped(value, {"affect": _text}),
    "effects": _effects,
    "before": _maps,
    "after": _maps,
    "message": _text,
    "path": _text,
    "duration": _number,
    "count": _number,
    "kept": _object,
    "filters": _object,
    "changed": _changed,
}
