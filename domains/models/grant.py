"""Who may see and change which domains."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group, User
from django.db import models
from django.db.models import BigIntegerField, Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from domains.models.domain import Domain
from domains.models.host import Host
from domains.models.scope import ALL, EVERY_GUEST, EVERYTHING, Scope, condition

Person = AbstractBaseUser | AnonymousUser


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may see and change: ``seen`` domains, and the condition that one of them may be ``changed``.

    ``changing`` says that there may be such, ``alike`` that all that are seen may be changed. ``administers`` is what
    :func:`is_administrator` would say.
    """

    seen: QuerySet[Domain]
    changed: Q
    changing: bool
    alike: bool
    administers: bool

    @property
    def changeable(self) -> Case:
        """What is true of a domain that may be changed, for a query to tell with each."""
        return Case(When(self.changed, then=Value(True)), default=Value(False))


class Role(models.TextChoices):
    """What a grant allows."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


SEEING = (Role.VIEWER, Role.OPERATOR, Role.AUDITOR, Role.ADMINISTRATOR)
CHANGING = (Role.OPERATOR, Role.ADMINISTRATOR)
AUDITING = (Role.AUDITOR, Role.ADMINISTRATOR)
_EVERYTHING = frozenset({EVERYTHING})


def _number(field: str) -> Coalesce:
    """Give what a row refers to as a number, 0 for nothing: nulls would all count as different."""
    return Coalesce(field, 0, output_field=BigIntegerField())


class Grant(models.Model):
    """A role for one person or group, on all hosts or one, for domain names that match ``pattern``.

    ``pattern`` is a shell pattern with ``*`` and ``?``; the default ``*`` means every domain.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE)
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=models.CASCADE)
    role = models.CharField(max_length=20, choices=Role)
    host = models.ForeignKey(Host, null=True, blank=True, on_delete=models.CASCADE)
    pattern = models.CharField(max_length=255, default=EVERY_GUEST)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                _number("user"), _number("group"), "role", _number("host"), "pattern", name="grant_once"
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=False, group__isnull=True)
                | Q(user__isnull=True, group__isnull=False),
                name="grant_to_user_or_group",
            ),
        ]

    def __str__(self) -> str:
        names = "" if self.pattern == EVERY_GUEST else f" for {self.pattern}"
        return f"{self.role} on {self.host or 'all hosts'}{names}"

    @property
    def scope(self) -> Scope:
        """Which domains it is for."""
        return Scope(self.host_id, self.pattern)

    @property
    def on_everything(self) -> bool:
        """Whether it is for all domains, also those still to come."""
        return self.scope == EVERYTHING


def is_administrator(user: Person) -> bool:
    """Whether the user administers Slotboard itself: its people and hosts.

    Only an administrator of everything does: whoever gives roles, or adds hosts, could give themselves anything.
    """
    return covers_everything(user, (Role.ADMINISTRATOR,))


def administrators() -> QuerySet[User]:
    """Give the people who administer Slotboard itself."""
    given = Grant.objects.filter(role=Role.ADMINISTRATOR, host=None, pattern=EVERY_GUEST)
    theirs = Q(pk__in=given.values("user")) | Q(groups__in=given.values("group"))
    return User.objects.filter(theirs | Q(is_superuser=True), is_active=True).distinct()


def grants_of(user: Person) -> QuerySet[Grant]:
    """Give the grants that a user has by themselves and through groups, with host and group; all, if switched off too."""
    return _held(user).select_related("host", "group")


def roles_of(user: Person) -> frozenset[str]:
    """Give the roles that the user has anywhere; a superuser is an administrator."""
    if _superuser(user):
        return frozenset({Role.ADMINISTRATOR})
    return frozenset(_grants(user, SEEING).values_list("role", flat=True))


def roles_on_everything(user: Person) -> frozenset[str]:
    """Give the roles that the user has on all domains, also those still to come; a superuser is an administrator."""
    if _superuser(user):
        return frozenset({Role.ADMINISTRATOR})
    return frozenset(
        _grants(user, SEEING).filter(host=None, pattern=EVERY_GUEST).values_list("role", flat=True)
    )


def covers_everything(user: Person, roles: tuple[Role, ...]) -> bool:
    """Whether one of the roles is the user's on all domains, also those still to come."""
    return not roles_on_everything(user).isdisjoint(roles)


def domains_seen_by(user: Person) -> QuerySet[Domain]:
    """Give the domains that the user may see."""
    return _domains(user, SEEING)


def domains_changed_by(user: Person) -> QuerySet[Domain]:
    """Give the domains that the user may change."""
    return _domains(user, CHANGING)


def rights_of(user: Person) -> Rights:
    """Look up what the user may see and change. At most one query."""
    if _superuser(user):
        return Rights(Domain.objects.all(), ALL, changing=True, alike=True, administers=True)
    grants = list(_grants(user, SEEING))
    changing = [grant for grant in grants if grant.role in CHANGING]
    seen, changed = _covered(grants), _covered(changing)
    return Rights(
        Domain.objects.all() if seen is ALL else Domain.objects.filter(seen),
        changed,
        changing=bool(changing),
        alike=changed == ALL or len(changing) == len(grants),
        administers=any(grant.on_everything and grant.role == Role.ADMINISTRATOR for grant in grants),
    )


def scopes_of(people: Iterable[User]) -> dict[int, tuple[frozenset[Scope], frozenset[Scope]]]:
    """Look up which domains active users may see, and which of them change, by their keys. At most one query."""
    keys = {user.pk for user in people if not _superuser(user)}
    held: dict[int, list[Grant]] = {key: [] for key in keys}
    theirs = Q(user__in=keys) | Q(group__user__in=keys)
    # A group's grant comes once for each member; one to a user has no member.
    for grant in (
        Grant.objects.filter(theirs, role__in=SEEING).annotate(member=F("group__user")) if keys else ()
    ):
        held[grant.user_id or grant.member].append(grant)
    everything = {user.pk: (_EVERYTHING, _EVERYTHING) for user in people if user.pk not in keys}
    return everything | {
        key: (_scopes(grants), _scopes(grant for grant in grants if grant.role in CHANGING))
        for key, grants in held.items()
    }


def seen_with_rights(user: Person, **which: object) -> tuple[Domain, bool, bool] | None:
    """Find the one domain that the user may see, with its ``host``, and say whether they may change it too.

    The last value is whether they administer Slotboard itself.

    One query for the grants and one for the domain.
    """
    rights = rights_of(user)
    domains = rights.seen.select_related("host")
    try:
        if rights.changed is ALL:  # the rule, and much less for the database to be told
            return domains.get(**which), True, rights.administers
        domain = domains.annotate(changeable=rights.changeable).get(**which)
    except Domain.DoesNotExist:
        return None
    return domain, domain.changeable, rights.administers


def _domains(user: Person, roles: tuple[Role, ...]) -> QuerySet[Domain]:
    return Domain.objects.filter(ALL if _superuser(user) else _covered(_grants(user, roles)))


def _scopes(grants: Iterable[Grant]) -> frozenset[Scope]:
    scopes = frozenset(grant.scope for grant in grants)
    return _EVERYTHING if EVERYTHING in scopes else scopes  # so that all who may see all are alike


def _covered(grants: Iterable[Grant]) -> Q:
    return condition(grant.scope for grant in grants)


def _grants(user: Person, roles: tuple[Role, ...]) -> QuerySet[Grant]:
    if not user.is_authenticated or not user.is_active:
        return Grant.objects.none()
    return _held(user).filter(role__in=roles)


def _held(user: Person) -> QuerySet[Grant]:
    return Grant.objects.filter(Q(user=user.pk) | Q(group__user=user.pk)).distinct()


def _superuser(user: Person) -> bool:
    return bool(user.is_active and getattr(user, "is_superuser", False))
