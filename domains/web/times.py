"""Times as people write them into an address or a form."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

# Days that are named from now, and how many days ago they are.
_DAYS = {"today": 0, "yesterday": 1}
_AGO = re.compile(r"([1-9]\d{0,3})([hd])")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)(Z|[ +-]\d\d:\d\d)?")


def read_zone(name: str) -> tzinfo | None:
    """Find a time zone by its IANA name, such as ``Europe/Berlin``; None where this machine knows none of that name."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # no name of a zone, the name of a folder, no such zone
        return None


def relative(text: str) -> bool:
    """Whether a time is counted from now: ``today``, ``yesterday``, ``24h`` or ``7d``."""
    return text in _DAYS or _AGO.fullmatch(text) is not None


def zoneless(text: str) -> bool:
    """Whether what a time means depends on the zone in which it was meant."""
    found = _MOMENT.fullmatch(text)
    return text in _DAYS or _DATE.fullmatch(text) is not None or (found is not None and not found[3])


def read_moment(text: str, zone: tzinfo, *, now: datetime, end: bool = False) -> datetime | None:
    """Read a time, in UTC; None for anything else.

    It is ``today``, ``yesterday``, so many hours or days ago (``24h``, ``7d``), a date, or a date and a time of day
    with or without a zone, as RFC 3339 and forms write them. What has no zone is meant in ``zone``. A day means its
    beginning, or with ``end`` its end.
    """
    try:
        return _read(text, zone, now, end)
    except (ValueError, OverflowError):  # no such day or hour, or none that has a name in UTC
        return None


def _read(text: str, zone: tzinfo, now: datetime, end: bool) -> datetime | None:
    if ago := _AGO.fullmatch(text):
        count = int(ago[1])
        return now - (timedelta(hours=count) if ago[2] == "h" else timedelta(days=count))
    if text in _DAYS:
        return _edge(now.astimezone(zone).date() - timedelta(days=_DAYS[text]), zone, end)
    if _DATE.fullmatch(text):
        return _edge(date.fromisoformat(text), zone, end)
    if found := _MOMENT.fullmatch(text):
        # In an address a plus that was not escaped arrives as a space.
        offset = (found[3] or "").replace(" ", "+")
        moment = datetime.fromisoformat(f"{found[1]}T{found[2]}{offset}")
        return (moment if offset else moment.replace(tzinfo=zone)).astimezone(UTC)
    return None


def _edge(day: date, zone: tzinfo, end: bool) -> datetime:
    return datetime.combine(day + timedelta(days=1 if end else 0), time(), zone).astimezone(UTC)
