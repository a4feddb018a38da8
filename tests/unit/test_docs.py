"""The documents say what is true: codes, variables, commands, links and the example of a hash."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.base import CommandError

from domains.history.ledger import chain_hash
from domains.vcpu.reasons import Reason
from domains.vcpu.sentences import sentence
from lab import __main__ as lab

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
DOCUMENTS = {
    str(path.relative_to(ROOT)): path.read_text()
    for path in sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
}
VARIABLE = r"\b(?:SLOTBOARD_[A-Z_]+|DATABASE_URL|REDIS_URL|LAB_ACCEL)\b"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def fenced(text: str, language: str) -> list[str]:
    """Give the blocks of one language."""
    return [body for name, body in FENCE.findall(text) if name == language]


def command_lines() -> Iterator[tuple[str, str]]:
    for name, text in DOCUMENTS.items():
        for block in fenced(text, "sh"):
            for line in block.splitlines():
                if line.strip():
                    yield name, line


def links() -> Iterator[tuple[str, str]]:
    for name, text in DOCUMENTS.items():
        prose = re.sub(r"`[^`]*`", "", FENCE.sub("", text))
        for target in re.findall(r"\]\(([^)\s]+)\)", prose):
            if not target.startswith("https://"):
                yield name, target


def anchors(text: str) -> set[str]:
    """Give the ids that a forge makes of the headings."""
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_reasons_page_explains_every_code_once():
    page, _ = DOCUMENTS["docs/reasons.md"].split("## The sentences")

    assert sorted(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == sorted(Reason)


def test_reasons_page_gives_every_sentence_as_it_is_said():
    _, listed = DOCUMENTS["docs/reasons.md"].split("## The sentences")

    assert re.findall(r"^\| `(\w+)` \| (.+) \|$", listed, re.MULTILINE) == [
        (str(reason), sentence(reason, domain="web01", vcpu=5)) for reason in Reason
    ]


def test_documents_name_no_variable_that_does_not_exist():
    described = set(re.findall(VARIABLE, (ROOT / ".env.example").read_text()))

    named = {variable for text in DOCUMENTS.values() for variable in re.findall(VARIABLE, text)}

    assert named <= described


def test_readme_names_both_commands():
    assert {"script/server", "script/test"} <= {
        line.split()[0] for name, line in command_lines() if name == "README.md"
    }


@pytest.mark.parametrize(("document", "line"), list(command_lines()))
def test_documented_command_is_understood(document, line):
    words = shlex.split(line, comments=True)
    while words and re.match(r"(export$|[A-Z_]+=)", words[0]):
        words.pop(0)
    if not words:
        return
    program, *arguments = words
    if program.startswith("script/"):
        assert os.access(ROOT / program, os.X_OK)
    else:
        # Tests run with the environment's own Python, beside which its programs lie.
        assert program.startswith(".venv/bin/")
        assert (Path(sys.executable).parent / Path(program).name).exists()
    if program == "script/server":
        _parse("supervise", arguments)
    elif program == "script/lab":
        lab._parser().parse_args(arguments)
    elif arguments[:1] == ["manage.py"]:
        _parse(*arguments[1:2], arguments[2:])


def test_documented_command_with_an_unknown_option_is_not_understood():
    with pytest.raises(CommandError, match="--loud"):
        _parse("vcpu", ["show", "lab", "web01", "--loud"])


def _parse(command: str, arguments: list[str]) -> None:
    parser = load_command_class(get_commands()[command], command).create_parser("manage.py", command)
    parser.called_from_command_line = False  # raise rather than exit
    parser.parse_args(arguments)


@pytest.mark.parametrize(("document", "target"), list(links()))
def test_link_leads_somewhere(document, target):
    path, _, anchor = target.partition("#")
    found = (ROOT / document).parent / path if path else ROOT / document

    assert found.exists()
    if anchor:
        assert anchor in anchors(found.read_text())


def test_every_decision_stands_in_the_index():
    listed = re.findall(r"\]\((\d{4}-[\w.-]+\.md)\)", DOCUMENTS["docs/adr/README.md"])

    assert listed == sorted(path.name for path in (DOCS / "adr").glob("[0-9]*.md"))


def test_history_page_works_out_a_hash_as_the_ledger_does():
    example = next(block for block in fenced(DOCUMENTS["docs/history.md"], "") if block.startswith("seq"))
    values = dict(line.split(maxsplit=1) for line in example.splitlines())

    assert chain_hash(values["previous_hash"], int(values["seq"]), values["body"]) == values["hash"]
