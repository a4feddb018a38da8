"""Tests of connections, which a person asks for and a watcher makes: the web never opens libvirt."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from django.db import models

from domains.models.host import Connection, Host

CONNECTED = "connected"
UNHEARD = timedelta(seconds=5)  # a watcher that is at work looks every second
PATIENCE = timedelta(seconds=60)  # after that nobody takes a test up any more
MAKING = timedelta(seconds=40)  # above what a watcher gives a host to answer in
KEPT = timedelta(days=1)

Standing = Literal["waiting", "unheard", "given_up", "running", "lost", "answered"]


class ConnectionTest(Connection):
    """One test: of a host, or of what somebody typed and has not stored (``slug`` and ``queue`` are as typed).

    ``answer`` is ``connected``, or the kind of what is in the way, and ``sentence`` says that to people. ``found`` is
    what a host said of itself: versions, ``cpus``, ``domains``, ``specific``, ``asynchronous``, ``round_trip`` (ms).
    Rows are kept for a day.
    """

    host = models.ForeignKey(Host, null=True, on_delete=models.CASCADE, related_name="tests")
    slug = models.CharField(max_length=100, blank=True)
    queue = models.CharField(max_length=100, blank=True)
    actor = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_index=True)
    taken_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    watcher = models.CharField(max_length=200, blank=True)
    answer = models.CharField(max_length=20, blank=True)
    sentence = models.TextField(blank=True)
    found = models.JSONField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"connection test {self.pk}"

    def standing(self, moment: datetime) -> Standing:
        """Say how far the test has come at ``moment``, by the database's clock.

        ``unheard`` is one that no watcher has taken up so far, ``given_up`` one that none will take up any more, and
        ``lost`` one whose watcher ended before it had an answer.
        """
        if self.ended_at:
            return "answered"
        if self.taken_at:
            return "lost" if moment - self.taken_at > MAKING else "running"
        age = moment - self.created_at
        if age > PATIENCE:
            return "given_up"
        return "unheard" if age > UNHEARD else "waiting"
