"""Who signed in and out, and who tried to in vain.

A failed sign-in costs its sender nothing, so of each address at most ten a minute become entries of their own. The
others are counted in a row of the database, which all web processes share and none can take along when it ends; the
count becomes one entry with the next failure after the minute, or by the sweep.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.crypto import salted_hmac

from domains.history import ledger
from domains.models import FailedSignIns, clock
from domains.operations.actor import Door
from domains.operations.text import storable, stored
from domains.vcpu.reasons import Reason

MOST = 10  # entries a minute
MINUTE = timedelta(minutes=1)
NAME_LENGTH = 150  # Django's longest user name
_SALT = "domains.operations.signing_in.name"
_NETWORK = 64  # one IPv6 client has this much of the address to itself, and may use all of it
NO_SUCH_NAME = "There is no account of that name."
WRONG_PASSWORD = "The password was wrong."  # noqa: S105  # a sentence
SWITCHED_OFF = "The password was right, and the account is switched off."
TURNED_AWAY = "Too many sign-ins had failed just before; the password was not looked at."


@dataclass(frozen=True, slots=True)
class Failure:
    """One attempt that opened nothing. ``actor`` is whose account or token it was aimed at, if that is known.

    ``name`` is a name that nobody has, to be written down as a hash only: it may be a password that was typed into
    the wrong field. Of a token its ``token`` name and ``prefix`` are kept.
    """

    door: Door
    address: str
    message: str
    reason: Reason = Reason.NOT_PERMITTED
    actor: str | None = None
    name: str | None = None
    token: str | None = None
    prefix: str | None = None


def record_sign_in(user: AbstractBaseUser, address: str) -> None:
    """Append ``signed_in``; to be called in the transaction that stores the session."""
    _append("signed_in", user, address)


def record_sign_out(user: AbstractBaseUser, address: str) -> None:
    """Append ``signed_out``; to be called in the transaction that removes the session."""
    _append("signed_out", user, address)


def password_failure(name: str, address: str, *, turned_away: bool = False) -> Failure:
    """Describe a name and password that did not fit, or that were not looked at after too many others."""
    name = name.strip()
    user = _known(name)
    actor = user.get_username() if user else None
    reason = Reason.RATE_LIMITED if turned_away else Reason.NOT_PERMITTED
    message = TURNED_AWAY if turned_away else WRONG_PASSWORD if user else NO_SUCH_NAME
    return Failure("page", address, message, reason, actor=actor, name=None if user else name)


def record_failure(failure: Failure) -> None:
    """Write a failed sign-in down: as an entry, or counted where its address has had its ten in this minute."""
    with transaction.atomic():
        moment = clock.now()
        row = _locked(_source(failure.address), moment)
        if row.began_at <= moment - MINUTE:
            _tell(row)
            row.began_at, row.entries, row.left_out = moment, 0, 0
        row.last_at = moment
        told = row.entries < MOST
        row.entries, row.left_out = row.entries + told, row.left_out + (not told)
        row.save()
        if told:
            ledger.append("sign_in_failed", _facts(failure))


def tell_left_out() -> None:
    """Append the counts of every minute that is over, and forget those minutes."""
    over = FailedSignIns.objects.filter(began_at__lte=clock.now() - MINUTE)
    for pk in list(over.values_list("pk", flat=True)):
        with transaction.atomic():
            row = over.select_for_update().filter(pk=pk).first()
            if row:
                row.delete()
                _tell(row)


def name_hash(name: str) -> str:
    """Give what stands in the history for a name that nobody has: 64 hexadecimal digits, keyed with the secret key.

    Case and surrounding space do not count, as they do not at sign-in.
    """
    return salted_hmac(_SALT, stored(name.strip()).casefold(), algorithm="sha256").hexdigest()


def _append(kind: str, user: AbstractBaseUser, address: str) -> None:
    ledger.append(
        kind, {"actor": user.get_username(), "door": "page", "address": address, "host": None, "token": None}
    )


def _facts(failure: Failure) -> dict[str, object]:
    return {
        "actor": failure.actor,
        "door": failure.door,
        "address": failure.address,
        "host": None,
        "name_hash": name_hash(failure.name) if failure.name is not None else None,
        "token": failure.token,
        "prefix": failure.prefix,
        "reason": str(failure.reason),
        "message": failure.message,
        "count": 1,
    }


def _tell(row: FailedSignIns) -> None:
    if not row.left_out:
        return
    ledger.append(
        "sign_in_failed",
        {
            "actor": None,
            "door": None,
            "address": row.address,
            "host": None,
            "name_hash": None,
            "token": None,
            "prefix": None,
            "reason": str(Reason.RATE_LIMITED),
            "message": f"{row.left_out} more sign-ins from {row.address} failed; such a number is only counted.",
            "count": row.left_out,
            "since": ledger.timestamp(row.began_at),
            "until": ledger.timestamp(row.last_at),
        },
    )


def _locked(source: str, moment: datetime) -> FailedSignIns:
    """Give the row of an address, made if need be, which stays locked until the transaction ends."""
    fresh = FailedSignIns(address=source, began_at=moment, last_at=moment)
    FailedSignIns.objects.bulk_create(
        [fresh], update_conflicts=True, unique_fields=["address"], update_fields=["address"]
    )
    return FailedSignIns.objects.get(address=source)


def _source(address: str) -> str:
    """Give what is counted together: an IPv4 address, or the network that one IPv6 client has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    return str(ipaddress.ip_network((parsed, _NETWORK), strict=False))


def _known(name: str) -> AbstractBaseUser | None:
    """Find the account that a name signs in to; case does not count, as long as one account is meant."""
    if len(name) > NAME_LENGTH or not storable(name):
        return None
    found = list(get_user_model().objects.filter(username__iexact=name)[:2])
    return found[0] if len(found) == 1 else None
