"""Change vCPUs of many guests on the command line, and look at such a batch, cancel or retry it: page's and API's path."""

from __future__ import annotations

from argparse import BooleanOptionalAction
from typing import Any

from django.core.management.base import CommandParser

from domains.management import batching
from domains.management.operating import ACCEPTED, WAIT_SECONDS, OperatingCommand
from domains.models import Batch
from domains.operations.actor import Actor
from domains.operations.batches import choose, control, retrying
from domains.operations.batches.representation import batch_json, plan_json
from domains.operations.batches.request import Choice, preview, request_batch
from domains.operations.batches.wanted import PARALLEL
from domains.vcpu.affect import Affect

_AFFECT = {
    (False, False): Affect.CURRENT,
    (True, False): Affect.LIVE,
    (False, True): Affect.CONFIG,
    (True, True): Affect.BOTH,
}
_CHANGES = {
    "add": "add vCPUs to all guests whose names match",
    "remove": "remove vCPUs from them",
    "make-removable": "make vCPUs of them removable for the next start",
    "sync": "make one side of them like the other",
}
_DEEDS = {
    "show": "show a batch with its guests",
    "cancel": "start nothing more of a batch and cancel what is queued",
    "retry": "ask once more, as a new batch, for what one has not achieved",
}


class Command(OperatingCommand):
    """``manage.py batch add|remove --match PATTERN`` and ``manage.py batch show|cancel|retry NUMBER``."""

    help = (
        "Add or remove vCPUs of all guests whose names match a pattern, a few at a time; show such a batch, cancel what "
        "has not started, or retry what was not achieved. --dry-run prints what would happen to each guest, or why "
        "nothing can."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the interface."""
        actions = parser.add_subparsers(dest="action", required=True)
        for name, words in _CHANGES.items():
            _add_change(actions.add_parser(name, help=words))
        for name, words in _DEEDS.items():
            actions.add_parser(name, help=words).add_argument("number", type=int, metavar="NUMBER")
        _add_manner(actions.choices["retry"], None, "as before")
        for name, action in actions.choices.items():
            if name != "cancel":
                action.add_argument(
                    "--wait", nargs="?", type=float, const=WAIT_SECONDS, metavar="SECONDS", help="until it is over"
                )  # fmt: skip
            self.add_common_arguments(action)

    def run(self, actor: Actor, options: dict[str, Any]) -> int:
        """Do it and print the batch as it stands then, or the plan of it; with retry that is the new one."""
        match options["action"]:
            case "show":
                return self._end(actor, control.find(actor, options["number"]), options, looked=True)
            case "cancel":
                batch = control.cancel(actor, options["number"], note=options["note"])
                return self._end(actor, batch, options)
            case "retry":
                choice, asked = _again(actor, options)
            case _:
                choice, asked = _anew(actor, options)
        if options["dry_run"]:
            self._tell(plan_json(actor, preview(actor, choice, asked), asked), options)
            return ACCEPTED
        return self._end(actor, request_batch(actor, choice, asked), options)

    def _end(self, actor: Actor, batch: Batch, options: dict[str, Any], *, looked: bool = False) -> int:
        waited = options.get("wait")
        if waited is not None:
            batching.wait(batch, waited)
        self._tell(batch_json(actor, batch), options)
        return batching.exit_status(actor, batch) if looked or waited is not None else ACCEPTED

    def _tell(self, told: dict[str, object], options: dict[str, Any]) -> None:
        for line in batching.lines_of(told, as_json=options["json"]):
            self.stdout.write(line)


def _add_change(parser: CommandParser) -> None:
    parser.add_argument("--match", required=True, metavar="PATTERN", help="names of guests, with * and ?")
    parser.add_argument("--host", default="", help="only guests of this host")
    parser.add_argument("--vcpu", help="IDs such as 5,7, or first (with add), or highest (with remove)")
    parser.add_argument(
        "--count",
        help="how many vCPUs each guest gets (its lowest free ones) or loses (its highest removable ones)",
    )
    parser.add_argument("--live", action="store_true", help="change the running guests")
    parser.add_argument("--config", action="store_true", help="change the configurations (the next boot)")
    _add_manner(parser, PARALLEL, f"{PARALLEL} by default")


def _add_manner(parser: CommandParser, parallel: int | None, unless: str) -> None:
    parser.add_argument("--parallel", default=parallel, metavar="N", help=f"guests at a time, {unless}")
    parser.add_argument(
        "--stop-on-failure", action=BooleanOptionalAction, help="start nothing more after a failure"
    )
    parser.add_argument("--dry-run", action="store_true", help="print the plan and change nothing")


def _anew(actor: Actor, options: dict[str, Any]) -> tuple[Choice, dict[str, object]]:
    """Choose guests by their names, and give what is asked of them."""
    asked = _given(options, "vcpu", "count", "parallel", "stop_on_failure")
    asked |= {"action": options["action"], "note": options["note"]}
    asked["affect"] = _AFFECT[options["live"], options["config"]]
    match, host = options["match"], options["host"]
    return Choice(choose.by_match(actor, match, host), {"match": match, "host": host}), asked


def _again(actor: Actor, options: dict[str, Any]) -> tuple[Choice, dict[str, object]]:
    """Choose what a batch has not achieved, and ask for it as it did but for what is said to be different."""
    choice = retrying.retriable(actor, options["number"])
    assert choice.batch is not None  # noqa: S101  # what is retried is a batch
    different = _given(options, "parallel", "stop_on_failure")
    different |= {"note": options["note"]} if options["note"] else {}
    return choice, retrying.asked_before(choice.batch) | different


def _given(options: dict[str, Any], *names: str) -> dict[str, object]:
    return {name: options[name] for name in names if options[name] is not None}
