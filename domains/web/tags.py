"""Template tags: icons, glyphs, chips and times. Built into every template."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from domains.models import Host
from domains.operations import workers
from domains.operations.durations import duration

register = template.Library()

# state or outcome -> (icon, kind, word)
CHIPS = {
    "running": ("player-play", "ok", "running"),
    "idle": ("player-play", "ok", "idle"),
    "paused": ("player-pause", "", "paused"),
    "in shutdown": ("player-stop", "", "in shutdown"),
    "shut off": ("player-stop", "", "shut off"),
    "crashed": ("alert-triangle", "fail", "crashed"),
    "pmsuspended": ("player-pause", "", "pmsuspended"),
    "no state": ("help-circle", "", "no state"),
    "gone": ("ban", "", "gone from its host"),
    "queued": ("clock", "act", "queued"),
    "working": ("loader-2", "act", "running"),
    "waiting": ("hourglass", "wait", "waiting"),
    "unconfirmed": ("help-circle", "wait", "unconfirmed"),
    "succeeded": ("circle-check", "ok", "succeeded"),
    "late": ("clock-check", "ok", "succeeded late"),
    "partial": ("circle-x", "fail", "partial"),
    "failed": ("circle-x", "fail", "failed"),
    "cancelled": ("ban", "", "cancelled"),
    "refused": ("hand-stop", "fail", "refused"),
    "outside": ("eye", "dif", "outside"),
    "signed_in": ("user", "", "signed in"),
    "signed_out": ("logout", "", "signed out"),
    "sign_in_failed": ("hand-stop", "fail", "sign-in failed"),
    "granted": ("lock-open", "", "role given"),
    "revoked_role": ("ban", "", "role taken"),
    "password_changed": ("key", "", "password"),
    "account_made": ("user", "", "account made"),
    "account_switched_off": ("ban", "", "account off"),
    "account_switched_on": ("user", "", "account on"),
    "group_made": ("user", "", "group made"),
    "group_renamed": ("user", "", "group renamed"),
    "group_removed": ("ban", "", "group removed"),
    "group_joined": ("user", "", "joined group"),
    "group_left": ("user", "", "left group"),
    "token_made": ("key", "", "token made"),
    "token_revoked": ("key", "", "token ended"),
    "host_added": ("server", "", "host added"),
    "host_changed": ("server", "", "host changed"),
    "host_removed": ("server", "", "host removed"),
    "host_paused": ("player-pause", "", "host paused"),
    "host_resumed": ("player-play", "", "host resumed"),
    "host_tested": ("activity", "", "host tested"),
    "connected": ("circle-check", "ok", "connected"),
    "unreachable": ("plug-connected-x", "wait", "unreachable"),
    "archived": ("device-floppy", "", "archived"),
    "restored": ("alert-triangle", "wait", "restored"),
    "exported": ("download", "", "exported"),
    "batch_started": ("player-play", "", "batch"),
    "batch_cancelled": ("ban", "", "cancelled"),
    "batch_stopped": ("player-stop", "wait", "batch stopped"),
    "batch_finished": ("circle-check", "", "batch ended"),
    "finished": ("circle-check", "ok", "finished"),
    "stopping": ("player-stop", "act", "stopping"),
    "stopped": ("player-stop", "wait", "stopped"),
    "due": ("clock", "", "not started yet"),
    "dropped": ("ban", "", "not started"),
    "nothing": ("minus", "", "nothing to do"),
    "cannot": ("hand-stop", "", "cannot"),
    "entry": ("activity", "", "recorded"),
    "done": ("circle-check", "ok", "done"),
    "skipped": ("minus", "", "skipped"),
    "pending": ("clock", "act", "pending"),
    "active": ("circle-check", "ok", "active"),
    "switched_off": ("ban", "wait", "switched off"),
    "usable": ("circle-check", "ok", "usable"),
    "expired": ("clock", "", "expired"),
    "revoked": ("ban", "", "revoked"),
    "applying": ("loader-2", "act", "applying"),
}


@cache
def _sprite() -> str:
    """Give the address of the icons; looking it up among the static files takes longer than drawing one."""
    return static("img/icons.svg")


@register.simple_tag
@cache
def icon(name: str, kind: str = "") -> SafeString:
    """Draw one of Tabler's icons; decoration only."""
    return format_html(
        '<svg class="ic {}" aria-hidden="true"><use href="{}#i-{}"/></svg>', kind, _sprite(), name
    )


@register.simple_tag
@cache
def glyph(name: str) -> SafeString:
    """Draw the sign in the corner of a slot."""
    return format_html(
        '<svg class="g" viewBox="0 0 12 12" aria-hidden="true"><use href="{}#g-{}"/></svg>',
        _sprite(),
        name,
    )


@register.simple_tag
@cache
def chip(key: str) -> SafeString:
    """Say a state or an outcome with its shape in front. Raises ``KeyError`` for an unknown one."""
    name, kind, word = CHIPS[key]
    return format_html('<span class="tag {}">{}{}</span>', kind, icon(name), word)


@register.simple_tag
@cache
def reason(code: str) -> SafeString:
    """Write a reason code, which leads to what it means and what to do."""
    return format_html(
        '<a href="{}#{}"><code>{}</code></a>', reverse("help_page", args=["reasons"]), code, code
    )


@register.simple_tag
@cache
def ask(word: str, label: str) -> SafeString:
    """Draw the button that explains a word; the page has the words in ``_words.html``."""
    return format_html(
        '<button class="ask" type="button" popovertarget="word-{}" aria-label="{}">{}</button>',
        word,
        label,
        icon("help-circle"),
    )


@register.simple_tag
def when(moment: datetime | None, form: str = "time") -> str:
    """Write a time in UTC, which the page's scripts put into the viewer's zone or, for ``age``, into "3 min ago".

    ``form`` is ``time`` (09:07:38), ``exact`` (with milliseconds), ``full`` (with the date in words), ``date``
    (2024-11-23), ``minute`` (2024-11-23 09:07), ``age``, or ``span`` for what lasts ("for 3 min", "since 09:07:38 UTC").
    The tooltip always has all that is known, in UTC. An em dash for no time.
    """
    if moment is None:
        return "—"
    moment = moment.astimezone(UTC)
    age = (
        f"{moment:%H:%M:%S} UTC" if moment.date() == datetime.now(UTC).date() else f"{moment:%d %b %H:%M} UTC"
    )
    text = {
        "exact": f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03}",
        "full": f"{moment.day} {moment:%B %Y, %H:%M:%S} UTC",
        "date": f"{moment:%Y-%m-%d}",
        "minute": f"{moment:%Y-%m-%d %H:%M}",
        "age": age,
        "span": f"since {age}",
    }.get(form, f"{moment:%H:%M:%S}")
    return format_html(
        '<time datetime="{}" title="{}" data-when="{}">{}</time>',
        moment.isoformat(timespec="milliseconds"),
        f"{moment:%Y-%m-%d %H:%M:%S.%f} UTC",
        form,
        text,
    )


@register.filter
def unserved(host: Host) -> bool:
    """Whether no worker does what is asked of a host, see ``workers.lacks``."""
    return workers.lacks(host)


@register.filter
def took(seconds: float | None) -> str:
    """Write a duration given in seconds; empty for None."""
    return "" if seconds is None else duration(seconds)


@register.filter
def figure(number: int) -> str:
    """Write a whole number with commas between its thousands."""
    return f"{number:,}"
