"""The command script/lab."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

from lab.errors import LabError
from lab.guests import GUESTS
from lab.instance import Instance
from lab.progress import on_terminal
from lab.root import check_user
from lab.settings import data_folder

# What takes no arguments and prints nothing.
_PLAIN: dict[str, Callable[[Instance], None]] = {
    "down": Instance.down,
    "restart-libvirt": Instance.restart_daemon,
    "run": Instance.run,
    "guard": Instance.guard,
}


def main(arguments: list[str]) -> int:
    """Carry out the command line and return the exit status: 0 done, 1 could not, 2 not understood."""
    options = _parser().parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    try:
        return _carry_out(options)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1


def _end(number: int, _frame: object) -> NoReturn:
    for other in (signal.SIGTERM, signal.SIGINT):
        signal.signal(other, signal.SIG_IGN)
    # An exception, so that whoever holds processes or folders gives them back on the way out.
    raise SystemExit(128 + number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="script/lab",
        description="A private libvirt and QEMU with real guests, in the folder SLOTBOARD_VAR.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    names = ", ".join(guest.name for guest in GUESTS)
    for command, text in {
        "up": "start the daemons and the named guests (all for none), and return when they are ready",
        "reset": "define the named guests (all for none) anew and boot them afresh",
    }.items():
        commands.add_parser(command, help=text).add_argument("names", nargs="*", metavar="NAME", help=names)
    commands.add_parser("down", help="end everything; definitions and logs stay")
    commands.add_parser("restart-libvirt", help="end libvirtd and start it anew; guests live on")
    commands.add_parser("status", help="show the guests and the versions of libvirt and QEMU")
    commands.add_parser("uri", help="print the libvirt URI")
    commands.add_parser("run", help="bring everything up in the foreground and keep it up, for a supervisor")
    commands.add_parser("guard", help="what up starts in the background")
    virsh = commands.add_parser("virsh", help="run virsh in the lab", add_help=False, prefix_chars="\0")
    virsh.add_argument("arguments", nargs="*")
    return parser


def _carry_out(options: argparse.Namespace) -> int:
    if options.command != "uri":
        check_user()
    instance = Instance(data_folder(), progress=on_terminal())
    match options.command:
        case "up":
            instance.up(options.names)
        case "reset":
            instance.reset(options.names)
        case "status":
            return _status(instance)
        case "uri":
            print(instance.uri)
        case plain if plain in _PLAIN:
            _PLAIN[plain](instance)
        case "virsh":
            command = instance.virsh_command(*options.arguments)
            sys.stdout.flush()
            os.execv(command[0], command)  # noqa: S606 - virsh takes over terminal and exit status
    return 0


def _status(instance: Instance) -> int:
    if not instance.running:
        print(f"The lab in {instance.folders.lab} is down.")
        return 1
    states = instance.guests()
    print(instance.versions())
    print(f"{'guest':<12}{'slots':>6}{'boot':>6}  {'state':<12}purpose")
    for guest in GUESTS:
        state = states.get(guest.name, "-")
        print(f"{guest.name:<12}{guest.slots:>6}{guest.present:>6}  {state:<12}{guest.purpose}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
