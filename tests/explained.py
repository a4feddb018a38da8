"""Whether an entry of what others changed explains the difference between two states of a domain.

Written from the documented form of the entries (``docs/history.md``), and sharing no code with what makes them.
"""

from __future__ import annotations

import json
from typing import Any

from domains.models import Domain, HistoryEntry
from domains.vcpu import cpulist

Standing = dict[str, Any]


def standing(known: Domain) -> Standing:
    """Give what the history has to account for: the maps of what the host shows, and whether it runs."""
    row = Domain.objects.get(pk=known.pk)
    there = row.gone_at is None
    return {
        "there": there,
        "name": row.name,
        "runs": row.running,
        "live": row.live if there else None,
        "config": row.config if there else None,
    }


def unexplained(entry: HistoryEntry, before: Standing, after: Standing) -> list[str]:
    """Give what the entry does not explain of the way from one state to the other; empty if it explains all."""
    body = json.loads(entry.body)
    effects = body["effects"]
    facts = {key: value for one in effects if one["side"] is None for key, value in one.items()}
    sides = {one["side"]: one for one in effects if one["side"] is not None}
    live = sides.get("live", {})
    wrong = [
        f"{key} {side}"
        for key, at in (("before", before), ("after", after))
        for side in ("live", "config")
        if body[key][side] != at[side]
    ]
    if before["there"] != after["there"] and not facts.get("returned" if after["there"] else "gone"):
        wrong.append("there")
    if facts.get("renamed_from", before["name"]) != before["name"] or body["domain"]["name"] != after["name"]:
        wrong.append("name")
    if after["name"] != before["name"] and "renamed_from" not in facts:
        wrong.append("renamed")
    if after["runs"] and not before["runs"] and not live.get("began"):
        wrong.append("began")
    if before["runs"] and not after["runs"] and not live.get("ended"):
        wrong.append("ended")
    whole = bool(live.get("began") or live.get("ended"))
    if (
        before["live"] != after["live"]
        and not whole
        and _replayed(before["live"], live, after["live"]) is False
    ):
        wrong.append("live")
    config = sides.get("config", {})
    whole = (before["config"] is None) != (after["config"] is None)
    if whole and not config.get("defined" if after["config"] else "undefined"):
        wrong.append("definition")
    if not whole and after["config"] and _replayed(before["config"], config, after["config"]) is False:
        wrong.append("config")
    return wrong


def _replayed(before: Any, told: dict[str, Any], after: Any) -> bool:
    """Whether what is told of a side, done to the map before, gives the map after."""
    if before is None or after is None:
        return before == after
    appeared = cpulist.load(told.get("appeared", ""))
    present = (cpulist.load(before["present"]) | appeared) - cpulist.load(told.get("disappeared", ""))
    removable = cpulist.load(before["removable"]) | cpulist.load(told.get("removable", ""))
    removable -= cpulist.load(told.get("fixed", ""))
    removable = (removable & present - appeared) | (cpulist.load(after["removable"]) & appeared)
    maximum = told.get("maximum", [before["max"], before["max"]])
    return bool(
        maximum == [before["max"], after["max"]]
        and present == cpulist.load(after["present"])
        and removable == cpulist.load(after["removable"])
    )
