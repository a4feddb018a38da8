"""Who may see and change which domains."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group
from django.db import models
from django.db.models import Case, F, Q, QuerySet, Value, When

from domains.models.domain import Domain
from domains.models.host import Host
from domains.models.shellpattern import Fits

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
_ALL = Q(pk__isnull=False)
AUDITING = (Role.AUDITOR, Role.ADMINISTRATOR)


class Grant(models.Model):
    """A role for one person or group, on all hosts or one, for domain names that match ``pattern``.

    ``pattern`` is a shell pattern with ``*`` and ``?``; the default ``*`` means every domain.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE)
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=models.CASCADE)
    role = models.CharField(max_length=20, choices=Role)
    host = models.ForeignKey(Host, null=True, blank=True, on_delete=models.CASCADE)
    pattern = models.CharField(max_length=255, default="*")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, group__isnull=True)
                | Q(user__isnull=True, group__isnull=False),
                name="grant_to_user_or_group",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} on {self.host or 'all hosts'}: {self.pattern}"


def is_administrator(user: Person) -> bool:
    """Whether the user administers Slotboard itself."""
    return _superuser(user) or _grants(user, (Role.ADMINISTRATOR,)).exists()


def roles_of(user: Person) -> frozenset[str]:
    """Give the roles that the user has anywhere; a superuser is an administrator."""
    if _superuser(user):
        return frozenset({Role.ADMINISTRATOR})
    return frozenset(_grants(user, SEEING).values_list("role", flat=True))


def roles_on_everything(user: Person) -> frozenset[str]:
    """Give the roles that the user has on all domains, also those still to come; a superuser is an administrator."""
    if _superuser(user):
        return frozenset({Role.ADMINISTRATOR})
    return frozenset(_grants(user, SEEING).filter(host=None, pattern="*").values_list("role", flat=True))


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
        return Rights(Domain.objects.all(), _ALL, changing=True, alike=True, administers=True)
    grants = list(_grants(user, SEEING))
    changing = [grant for grant in grants if grant.role in CHANGING]
    seen, changed = _covered(grants), _covered(changing)
    return Rights(
        Domain.objects.all() if seen is _ALL else Domain.objects.filter(seen),
        changed,
        changing=bool(changing),
        alike=changed == _ALL or len(changing) == len(grants),
        administers=any(grant.role == Role.ADMINISTRATOR for grant in grants),
    )


def seen_with_rights(user: Person, **which: object) -> tuple[Domain, bool, bool] | None:
    """Find the one domain that the user may see, with its ``host``, and say whether they may change it too.

    The last value is whether they administer Slotboard itself.

    One query for the grants and one for the domain.
    """
    rights = rights_of(user)
    domains = rights.seen.select_related("host")
    try:
        if rights.changed is _ALL:  # the rule, and much less for the database to be told
            return domains.get(**which), True, rights.administers
        domain = domains.annotate(changeable=rights.changeable).get(**which)
    except Domain.DoesNotExist:
        return None
    return domain, domain.changeable, rights.administers


def _domains(user: Person, roles: tuple[Role, ...]) -> QuerySet[Domain]:
    return Domain.objects.filter(_ALL if _superuser(user) else _covered(_grants(user, roles)))


def _covered(grants: Iterable[Grant]) -> Q:
    allowed = Q(pk__in=[])
    for grant in grants:
        if grant.host_id is None and grant.pattern == "*":
            return _ALL
        on_host = Q() if grant.host_id is None else Q(host=grant.host_id)
        named = Q() if grant.pattern == "*" else Q(Fits(F("name"), grant.pattern))
        allowed |= on_host & named
    return allowed


def _grants(user: Person, roles: tuple[Role, ...]) -> QuerySet[Grant]:
    if not user.is_authenticated or not user.is_active:
        return Grant.objects.none()
    return Grant.objects.filter(Q(user=user.pk) | Q(group__user=user.pk), role__in=roles).distinct()


def _superuser(user: Person) -> bool:
    return bool(user.is_active and getattr(user, "is_superuser", False))
