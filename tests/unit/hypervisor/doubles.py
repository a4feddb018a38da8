"""Stand-ins for libvirt's own objects, for what no real host can be made to answer in a test."""

from __future__ import annotations

from collections.abc import Callable

import libvirt  # noqa: TID251 - the errors are libvirt's own


class Failure(libvirt.libvirtError):
    """An error with a chosen code; a real one takes the last error of its thread."""

    def __init__(self, code: int | None, text: str = "", *, origin: int = 10) -> None:
        Exception.__init__(self, text)  # libvirt's own would put that last error's words in place of these
        self.err = (code, origin, text, 2, None, None, None, -1, -1)


class Answering:
    """Gives each answer in turn, the last one for ever; an exception is raised, a function called."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.calls: list[tuple[object, ...]] = []

    def __call__(self, *arguments: object) -> object:
        self.calls.append(arguments)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(*arguments) if isinstance(answer, Callable) else answer
