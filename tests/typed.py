"""Command lines as somebody types them, within the tests' own process."""

from __future__ import annotations

from django.core.management import ManagementUtility


def type_command(*words: str) -> None:
    """Run ``manage.py WORDS`` as far as Django has been set up here already.

    Setting it up once more would tie logging to whatever stands for standard error in this one test.
    """
    line = ["manage.py", *words]
    ManagementUtility(line).fetch_command(words[0]).run_from_argv(line)
