"""Tokens: what a script sends in place of a signed-in session."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from django.conf import settings
from django.db import models

from domains.models.grant import Role

TokenState = Literal["usable", "expired", "revoked"]


class Token(models.Model):
    """256 random bits, of which only the SHA-256 is kept; ``prefix`` is how a person tells one from another.

    ``role`` limits what its owner's grants allow; empty, it limits nothing.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=8)
    digest = models.CharField(max_length=64, unique=True)
    role = models.CharField(max_length=20, choices=Role, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["prefix"], name="token_prefix")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def state(self) -> TokenState:
        """Whether it opens anything now."""
        if self.revoked_at is not None:
            return "revoked"
        return "usable" if datetime.now(UTC) < self.expires_at else "expired"
