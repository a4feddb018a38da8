"""What is photographed: every page that a person can see, and every size of a guest's grid."""

from __future__ import annotations

from dataclasses import dataclass

ADMIN, OPERATOR, AUDITOR, NEWCOMER, NOBODY = "admin", "mara", "ines", "tomas", ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One page as one person sees it.

    ``name`` begins the names of its files. ``view`` is the page's name among the addresses. ``path`` holds names of
    the story's places in braces. ``ticked`` are slots that are chosen before the picture is taken.
    """

    name: str
    view: str
    path: str
    person: str = OPERATOR
    ticked: tuple[int, ...] = ()


PICTURES = (
    Picture(name="fleet", view="fleet", path="/"),
    Picture(name="fleet-found", view="fleet", path="/?q=01&differs=1"),
    Picture(name="domain", view="domain", path="/domains/lab/{web01}/"),
    Picture(name="domain-chosen", view="domain", path="/domains/lab/{web01}/", ticked=(9, 10, 11)),
    Picture(name="domain-viewer", view="domain", path="/domains/lab/{web01}/", person=AUDITOR),
    Picture(name="domain-8", view="domain", path="/domains/lab/{batch01}/"),
    Picture(name="domain-64", view="domain", path="/domains/lab/{app01}/"),
    Picture(name="domain-128", view="domain", path="/domains/lab/{db01}/"),
    Picture(name="domain-512", view="domain", path="/domains/lab/{etl01}/"),
    Picture(name="domain-4096", view="domain", path="/domains/lab/{big01}/"),
    Picture(name="domain-4096-socket", view="domain", path="/domains/lab/{big01}/?socket=0"),
    Picture(name="domain-units", view="domain", path="/domains/lab/{power01}/"),
    Picture(name="domain-refused", view="domain", path="/domains/lab/{stubborn01}/"),
    Picture(name="domain-waiting", view="domain", path="/domains/lab/{idle01}/"),
    Picture(name="operations", view="operations", path="/operations/"),
    Picture(name="operations-found", view="operations", path="/operations/?q=nightly", person=AUDITOR),
    Picture(name="operation", view="operation", path="/operations/{succeeded}/"),
    Picture(name="operation-refused", view="operation", path="/operations/{refused}/"),
    Picture(name="operation-waiting", view="operation", path="/operations/{waiting}/"),
    Picture(name="entry", view="entry", path="/operations/entries/{entry}/", person=ADMIN),
    Picture(name="batches", view="batches", path="/batches/"),
    Picture(
        name="batch-plan",
        view="new_batch",
        path="/batches/new/?all=1&q=01&action=add&count=1&affect=config",
    ),
    Picture(name="batch", view="batch", path="/batches/{batch}/"),
    Picture(name="hosts", view="hosts", path="/hosts/", person=ADMIN),
    Picture(name="host", view="host", path="/hosts/lab/", person=ADMIN),
    Picture(name="host-new", view="host_add", path="/hosts/new/", person=ADMIN),
    Picture(name="host-edit", view="host_edit", path="/hosts/rack7/edit/", person=ADMIN),
    Picture(name="host-test", view="connection_test", path="/hosts/tests/{test}/", person=ADMIN),
    Picture(name="host-remove", view="host_remove", path="/hosts/lab/remove/", person=ADMIN),
    Picture(name="users", view="users", path="/users/", person=ADMIN),
    Picture(name="user", view="user", path="/users/{person}/", person=ADMIN),
    Picture(name="groups", view="groups", path="/users/groups/", person=ADMIN),
    Picture(name="group", view="group", path="/users/groups/{group}/", person=ADMIN),
    Picture(name="tokens", view="tokens", path="/account/tokens/"),
    Picture(name="help", view="help", path="/help/"),
    Picture(name="help-page", view="help_page", path="/help/reasons/#not_removable"),
    Picture(name="sign-in", view="account_login", path="/accounts/login/", person=NOBODY),
    Picture(name="inactive", view="account_inactive", path="/accounts/inactive/", person=NOBODY),
    Picture(name="empty", view="fleet", path="/", person=NEWCOMER),
    Picture(name="forbidden", view="hosts", path="/hosts/"),
    Picture(name="not-found", view="operation", path="/operations/4711/"),
)
