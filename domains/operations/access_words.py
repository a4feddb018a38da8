"""The words for what is about no guest: sign-ins, roles, tokens, hosts, batches, and what was done with the history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from domains.operations import batch_words

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """``verb NAME, aside OTHER · why``, as said of whoever did it; the names are those of people and things.

    ``joint`` is the sign between the two halves.
    """

    verb: str
    name: str = ""
    aside: str = ""
    other: str = ""
    why: str = ""
    joint: str = ","


def tell(kind: str, body: Body) -> Told:
    """Tell an entry of a kind that stands alone, of whatever age and however little it says."""
    words = _WORDS.get(kind)
    return words(body) if words else Told(f"recorded “{kind.replace('_', ' ')}”")


def _from(body: Body) -> str:
    return f"from {body['address']}" if body.get("address") else ""


def _signed_in(body: Body) -> Told:
    return Told("signed in", why=_from(body))


def _signed_out(body: Body) -> Told:
    return Told("signed out", why=_from(body))


def _sign_in_failed(body: Body) -> Told:
    count = body.get("count") or 1
    if count > 1:
        return Told(f"failed to sign in {count} times", why=_from(body))
    verb = "failed to sign in with the token" if body.get("token") else "failed to sign in"
    why = ": ".join(filter(None, (_from(body), str(body.get("message") or ""))))
    return Told(verb, str(body.get("token") or ""), why=why)


def _password_changed(body: Body) -> Told:
    return Told("changed the password of", _user(body))


def _granted(body: Body) -> Told:
    why = "with a new account" if body.get("new_account") else ""
    return Told(
        f"gave the role {_role(body)} to{_kind(body)}", _user(body), _where(body), _pattern(body), why
    )


def _revoked(body: Body) -> Told:
    return Told(f"took the role {_role(body)} from{_kind(body)}", _user(body), _where(body), _pattern(body))


def _account(verb: str, why: str = "") -> Callable[[Body], Told]:
    return lambda body: Told(verb, _user(body), why=why)


def _group(verb: str) -> Callable[[Body], Told]:
    return lambda body: Told(verb, str(body.get("group") or "?"))


def _group_renamed(body: Body) -> Told:
    before, after = (str(body.get(key) or "?") for key in ("renamed_from", "group"))
    return Told("renamed the group", before, "to", after, joint="")


def _member(verb: str, link: str) -> Callable[[Body], Told]:
    return lambda body: Told(verb, _user(body), link, str(body.get("group") or "?"), joint="")


def _token_made(body: Body) -> Told:
    limit = f"no more than {body['role']}" if body.get("role") else "all of the owner’s rights"
    expires = f"until {str(body['expires'])[:10]}" if body.get("expires") else ""
    aside, owner = _owner(body)
    return Told("made the token", _token(body), aside, owner, ", ".join(filter(None, (limit, expires))))


def _token_revoked(body: Body) -> Told:
    return Told("ended the token", _token(body), *_owner(body))


def _owner(body: Body) -> tuple[str, str]:
    """Name the owner of a token unless it is who acts."""
    user = _user(body)
    return ("", "") if user == body.get("actor") else ("which is a token of", user)


def _host(verb: str) -> Callable[[Body], Told]:
    def told(body: Body) -> Told:
        return Told(f"{verb} the host", str(body.get("host") or "?"), why=_changes(body))

    return told


def _host_tested(body: Body) -> Told:
    settings = body.get("settings") or {}
    how = f"{settings.get('driver')} over {settings.get('transport')}" if settings.get("transport") else ""
    where = f" at {settings['hostname']}" if settings.get("hostname") else ""
    return Told("had the connection tested to", str(body.get("host") or "a host"), why=how and how + where)


def _archived(body: Body) -> Told:
    why = f"kept in {body['file']}" if body.get("file") else ""
    return Told(f"archived {_range(body)} and removed them from here", why=why)


def _restored(body: Body) -> Told:
    kept = body.get("kept") or {}
    left = f"only what came up to entry {kept['seq']}" if kept.get("seq") else "nothing of what was before"
    return Told(f"recorded that a backup was restored, which holds {left}", why=str(body.get("note") or ""))


def _exported(body: Body) -> Told:
    filters = body.get("filters") or {}
    why = ", ".join(f"{name} {value}" for name, value in filters.items())
    form = f" as {str(body['format']).upper()}" if body.get("format") else ""
    return Told(f"exported {'what fits of ' if filters else ''}{_range(body)}{form}", why=why)


def _batch_started(body: Body) -> Told:
    return Told(batch_words.started(body), why=str(body.get("note") or ""))


def _batch_cancelled(body: Body) -> Told:
    return Told(
        f"cancelled what had not started of batch {body.get('batch')}", why=str(body.get("note") or "")
    )


def _batch_stopped(body: Body) -> Told:
    return Told(f"had batch {body.get('batch')} stopped after a failure", why=str(body.get("message") or ""))


def _batch_finished(body: Body) -> Told:
    return Told(f"had batch {body.get('batch')} carried out", why=batch_words.counted(body))


def _role(body: Body) -> str:
    return str(body.get("role") or "?")


def _kind(body: Body) -> str:
    return " the group" if body.get("group") else ""


def _user(body: Body) -> str:
    return str(body.get("user") or body.get("group") or "somebody")


def _token(body: Body) -> str:
    return str(body.get("token") or body.get("prefix") or "?")


def _where(body: Body) -> str:
    where = f"on {body['host']}" if body.get("host") else "on all hosts"
    return f"{where}, guests named" if _pattern(body) else where


def _pattern(body: Body) -> str:
    pattern = str(body.get("pattern") or "*")
    return "" if pattern == "*" else pattern


def _changes(body: Body) -> str:
    """Say what is set otherwise now; ``changed`` has the values before and after by their names."""
    changed = body.get("changed") or {}
    return ", ".join(f"{name} {after} (was {before})" for name, (before, after) in changed.items())


def _range(body: Body) -> str:
    first, last = body.get("from"), body.get("to")
    return f"the entries {first} to {last}" if first is not None and last is not None else "entries"


_WORDS: dict[str, Callable[[Body], Told]] = {
    "signed_in": _signed_in,
    "signed_out": _signed_out,
    "sign_in_failed": _sign_in_failed,
    "password_changed": _password_changed,
    "account_made": _account("made the account"),
    "account_switched_off": _account(
        "switched off the account", "signed out everywhere, tokens open nothing"
    ),
    "account_switched_on": _account("switched on the account"),
    "group_made": _group("made the group"),
    "group_renamed": _group_renamed,
    "group_removed": _group("removed the group"),
    "group_joined": _member("put", "into the group"),
    "group_left": _member("took", "out of the group"),
    "granted": _granted,
    "revoked": _revoked,
    "token_made": _token_made,
    "token_revoked": _token_revoked,
    "host_added": _host("added"),
    "host_changed": _host("changed"),
    "host_removed": _host("removed"),
    "host_paused": _host("paused"),
    "host_resumed": _host("resumed"),
    "host_tested": _host_tested,
    "archived": _archived,
    "restored": _restored,
    "exported": _exported,
    "batch_started": _batch_started,
    "batch_cancelled": _batch_cancelled,
    "batch_stopped": _batch_stopped,
    "batch_finished": _batch_finished,
}
