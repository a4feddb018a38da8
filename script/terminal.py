"""Writes what all processes say to one terminal, each line with the process's name before it.

The supervisor starts this as an event listener and hands it the processes' output.
"""

from __future__ import annotations

import sys
from collections import defaultdict

from supervisor import childutils

WIDTH = 7


def main() -> None:
    """Copy output until the supervisor is gone."""
    unfinished: defaultdict[str, str] = defaultdict(str)
    while True:
        headers, payload = childutils.listener.wait(sys.stdin, sys.stdout)
        if headers["eventname"].startswith("PROCESS_LOG"):
            fields, text = childutils.eventdata(payload)
            name = fields["processname"]
            *lines, unfinished[name] = (unfinished[name] + text).split("\n")
            sys.stderr.writelines(f"{name:<{WIDTH}} | {line}\n" for line in lines)
            sys.stderr.flush()
        childutils.listener.ok(sys.stdout)


if __name__ == "__main__":
    main()
