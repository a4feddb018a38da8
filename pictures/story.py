"""The story that the pages tell: a few people, an ordinary day, and most of what may come of a change."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from lab.domain_xml import domain_xml
from lab.guests import BY_NAME, Guest, Rest
from pictures.people import People
from tests.product import ROOT, Product
from tests.waiting import wait_until

# Guests of sizes that the lab has not. They are never started.
APP = Guest(
    name="app01", purpose="64 slots", slots=64, present=6, sockets=2, cores=16, threads=2, rest=Rest.SHUT_OFF
)
ETL = Guest(
    name="etl01",
    purpose="512 slots",
    slots=512,
    present=16,
    sockets=4,
    cores=64,
    threads=2,
    rest=Rest.SHUT_OFF,
)
SECONDS = 120.0  # for whatever is waited for; an emulated guest on a busy machine takes its time
DECIDED = ("succeeded", "failed", "partial", "waiting")


@dataclass(frozen=True, slots=True)
class Command:
    """``manage.py`` and ``script/lab`` with the product's environment."""

    product: Product

    def __call__(self, *arguments: str, expected: tuple[int, ...] = (0,)) -> str:
        """Run ``manage.py`` with these arguments and give what it printed."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.product.environment, capture_output=True, text=True, timeout=SECONDS
        )
        if done.returncode not in expected:
            raise RuntimeError(
                f"{' '.join(arguments)} ended with {done.returncode}: {done.stdout}{done.stderr}"
            )
        return done.stdout

    def vcpu(self, person: str, *arguments: str, expected: tuple[int, ...] = (0,)) -> int:
        """Have a person ask on the command line, and give the operation's number when it is decided."""
        words = ("vcpu", *arguments, "--as", person, "--wait", "--json")
        return int(json.loads(self(*words, expected=expected))["id"])


def play(product: Product, people: People, folder: Path) -> dict[str, str]:
    """Let everything happen, and give the places in the paths of the pictures. Takes a minute or two."""
    command = Command(product)
    _define(product, folder)
    _hosts(command, product)
    _people(command, people)
    operations = _day(command, product, people)
    return operations | _numbers(product, operations["refused"])


def _define(product: Product, folder: Path) -> None:
    for guest in (APP, ETL):
        file = folder / f"{guest.name}.xml"
        file.write_text(domain_xml(guest))
        product.virsh("define", str(file))
    names = [*BY_NAME, APP.name, ETL.name]
    seen = "SELECT count(*) AS number FROM domains_domain"
    wait_until(lambda: product.query(seen)[0]["number"] == len(names), SECONDS, "the guests on the pages")


def _hosts(command: Command, product: Product) -> None:
    """One host is paused, with a guest of libvirt's test driver, and one cannot be found."""
    (lab,) = product.query("SELECT socket FROM domains_host WHERE slug = 'lab'")
    command("host", "add", "spare", f"test+unix:///default?socket={lab['socket']}")
    spare = "SELECT 1 FROM domains_domain JOIN domains_host h ON h.id = host_id WHERE h.slug = 'spare'"
    wait_until(lambda: product.query(spare), SECONDS, "the guest of the host spare")
    command("host", "pause", "spare")
    command("host", "add", "rack7", "qemu+ssh://slotboard@rack7.invalid/system")
    command("host", "test", "rack7", "--wait", expected=(1,))


def _people(command: Command, people: People) -> None:
    grants = (
        ("mara", "operator"),
        ("jonas", "operator", "--host", "lab", "--match", "web*"),
        ("ines", "auditor"),
        ("lena", "viewer"),
    )
    for name, *rest in grants:
        people.passwords[name] = _password(command("grant", name, *rest))
    people.passwords["tomas"] = _password(command("account", "make", "tomas"))
    command("grant", "night shift", "operator", "--group", "--host", "lab", "--match", "db*")
    command("account", "join", "lena", "night shift")
    command("token", "create", "mara", "--name", "nightly scaling", "--role", "operator")


def _password(printed: str) -> str:
    """Find the password that a command shows once."""
    found = re.search(r"shown only now: (\S+)", printed)
    if not found:
        raise RuntimeError(f"No password was shown: {printed}")
    return found[1]


def _day(command: Command, product: Product, people: People) -> dict[str, str]:
    """Ask for changes as people do, one after the other, and leave some under way."""

    def page(person: str, guest: str, **asked: str) -> str:
        number = people.change(person, guest, **asked)
        wait_until(lambda: product.operation(number)["status"] in DECIDED, SECONDS, f"the end of {number}")
        return str(number)

    command.vcpu(
        "mara", "add", "lab", "big01", "--vcpu", "8-15,600", "--config", "--note", "sized for Monday"
    )
    command.vcpu("mara", "add", "lab", "app01", "--vcpu", "6-11", "--config", "--note", "CHG-2041")
    command.vcpu("mara", "add", "lab", "etl01", "--vcpu", "16-31,256-259", "--config", "--note", "CHG-2044")
    command.vcpu(
        "lena", "add", "lab", "db01", "--vcpu", "4-7", "--live", "--config", "--note", "nightly load"
    )
    page("jonas", "web01", action="add", vcpu="5", affect="both", note="CHG-2051")
    succeeded = page("mara", "web01", action="add", vcpu="8", affect="live", note="load test, back by six")
    page("jonas", "web01", action="add", vcpu="12", affect="config", note="for the next start")
    undone = page("mara", "db01", action="remove", vcpu="6", affect="live", note="nightly load is over")
    command("operation", "undo", undone, "--as", "mara", "--wait", "--note", "too early")
    page("mara", "web01", action="remove", vcpu="1", affect="live", note="try to shrink")
    command("vcpu", "add", "lab", "web01", "--live", "--as", "ines", expected=(2,))
    product.virsh("setvcpu", "web01", "6", "--enable", "--live")
    # Which CPU of the guest a slot is may not be known; that is then said, and part of the day as well.
    command.vcpu(
        *("mara", "offline", "lab", "db01", "--vcpu", "3", "--live", "--note", "licence count"),
        expected=(0, 1),
    )
    command(
        *("batch", "add", "--match", "*01", "--host", "lab", "--count", "1", "--config", "--as", "mara"),
        *("--note", "nightly scaling", "--wait", "120"),
        expected=(0, 1),
    )
    page("mara", "stubborn01", action="add", vcpu="5", affect="live", note="CHG-2060")
    refused = page(
        "mara", "stubborn01", action="remove", vcpu="5", affect="live", note="CHG-2060, back again"
    )
    command.vcpu("jonas", "add", "lab", "web01", "--vcpu", "16", "--live", "--note", "second socket")
    page("mara", "idle01", action="add", vcpu="5", affect="live", note="CHG-2063")
    waiting = page("mara", "idle01", action="remove", vcpu="5", affect="live", note="CHG-2063, not needed")
    command("history", "verify")
    return {"succeeded": succeeded, "refused": refused, "waiting": waiting}


def _numbers(product: Product, refused: str) -> dict[str, str]:
    """Find the numbers that the paths need."""
    wanted = {
        "entry": f"SELECT max(seq) AS number FROM domains_historyentry WHERE operation = {int(refused)}",  # noqa: S608  # a number
        "batch": "SELECT max(id) AS number FROM domains_batch",
        "test": "SELECT max(id) AS number FROM domains_connectiontest",
        "person": "SELECT id AS number FROM auth_user WHERE username = 'lena'",
        "group": "SELECT id AS number FROM auth_group WHERE name = 'night shift'",
    }
    numbers = {name: str(product.query(statement)[0]["number"]) for name, statement in wanted.items()}
    return (
        numbers
        | {name: guest.uuid for name, guest in BY_NAME.items()}
        | {one.name: one.uuid for one in (APP, ETL)}
    )
