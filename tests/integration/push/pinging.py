"""Streams that ping at once, so that tests need not wait for it."""

from __future__ import annotations

from domains.push import client, pulse


def quick_pings(monkeypatch):
    monkeypatch.setattr(client, "PING", 0.1)
    monkeypatch.setattr(pulse, "EVERY", 0.02)
