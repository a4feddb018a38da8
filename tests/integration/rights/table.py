"""What the doors answered, as the table of docs/rights.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tests.integration.rights.conftest import Answers
from tests.integration.rights.doors import API, COMMANDS, LISTS, PAGES, TOPICS
from tests.integration.rights.oracle import Answer
from tests.integration.rights.world import GUESTS, INSIDE, OUTSIDE, PEOPLE, Guest, Person

COLUMNS = (
    "no role", "viewer", "operator", "auditor of some", "auditor of everything", "administrator of some",
    "administrator of everything", "superuser",
)  # fmt: skip
BEGIN, END = "<!-- what the tests were answered: begin -->\n", "<!-- what the tests were answered: end -->\n"
Given = Mapping[tuple[str, Guest | None], Answer]
Cells = dict[str, dict[str, set[str]]]  # by words and column


def rows_of(answers: Answers) -> list[str]:
    """Give the table's lines: for each kind of door what it answers, about a guest within the role's scope.

    About a guest outside of it, each answers as it does to somebody without a role.
    """
    cells: Cells = {}
    for words, given in _given(answers):
        for person in _printed():
            within = INSIDE if (person.name, INSIDE) in given else None
            if (person.name, within) not in given:
                continue  # not everybody tries everything
            _note(cells, words, person, str(given[person.name, within]))
            # A host may hold guests that are within the scope beside this one.
            if within and person.given and not person.name.endswith("-everything") and "host" not in words:
                assert given[person.name, OUTSIDE] == given["nobody", OUTSIDE], (words, person)
    for listing in (one for one in LISTS if one.words):
        for person in _printed():
            found = answers.shown(listing)[person.name]
            everything = {guest.host if listing.of == "host" else guest.name for guest in GUESTS}
            whole = found == everything or person.superuser or person.name.endswith("-everything")
            _note(cells, listing.words, person, ("all" if whole else "theirs") if found else "none")
    lines = [_line(["Door", *COLUMNS]), _line(["---"] * (len(COLUMNS) + 1))]
    return lines + [
        _line([words, *(_cell(told[column]) for column in COLUMNS)]) for words, told in cells.items()
    ]


def written_into(document: str, rows: Iterable[str]) -> str:
    """Give the document with the table in its place."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{''.join(rows)}\n{END}{after}"


def _given(answers: Answers) -> Iterator[tuple[str, Given]]:
    yield from ((door.words, answers.of(door)) for door in (*PAGES, *API))
    yield from ((TOPICS[topic][0], answers.heard(topic)) for topic in TOPICS)
    yield from ((COMMANDS[command][0], answers.ran(command)) for command in COMMANDS)


def _printed() -> list[Person]:
    return [person for person in PEOPLE if person.column]


def _note(cells: Cells, words: str, person: Person, answer: str) -> None:
    cells.setdefault(words, {}).setdefault(person.column, set()).add(answer)


def _cell(answers: set[str]) -> str:
    """Say what one role is answered. A viewer of everything is shown all, which for them is theirs."""
    if answers <= {"all", "theirs"}:
        return "all" if answers == {"all"} else "theirs"
    (answer,) = answers  # a kind of door that answers one role differently is to be described as two
    return answer


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |\n"
