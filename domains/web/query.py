"""What all addresses with filters share: reading a value, and refusing it with a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.http import QueryDict

from domains.operations.text import storable

LONGEST = 300  # characters of a value


class Malformed(ValueError):
    """Some values make no sense; ``problems`` has a sentence for each, by the parameter's name."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


def last(query: QueryDict, name: str) -> str:
    """Give the last value that is not empty: beside a time in words the form has an empty field for another."""
    return next((value.strip() for value in reversed(query.getlist(name)) if value.strip()), "")


def text_problem(name: str, value: str) -> str:
    """Say what is wrong with a text, whatever it is meant to be; empty if nothing is."""
    if len(value) > LONGEST:
        return f"What is given as “{name}” is too long; write at most {LONGEST} characters."
    if not storable(value):
        return f"What is given as “{name}” holds characters that no text has; type it anew."
    return ""


def one_of(sentence: str, value: str, known: Iterable[str]) -> str:
    """Say what can be chosen, after a sentence that nothing else can; empty for what is ``known``."""
    known = list(known)
    return "" if value in known else f"{sentence}; choose one of: {', '.join(known)}."
