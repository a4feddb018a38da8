"""Every address that Slotboard answers."""

from __future__ import annotations

from allauth.account.views import account_inactive, login, logout
from django.urls import URLPattern, URLResolver, path

from dashboard import health
from dashboard.metrics import metrics
from domains.api.api import api
from domains.web import groups, user
from domains.web.batch_new import new_batch
from domains.web.batches import batch, batches, cancel
from domains.web.change import change
from domains.web.domain import domain
from domains.web.entry import entry
from domains.web.export import export
from domains.web.fleet import fleet, fleet_news
from domains.web.host import host, remove, switch, test
from domains.web.hosts import add, connection_test, edit, hosts
from domains.web.manual import manual, picture
from domains.web.operation import DEEDS, act, operation
from domains.web.operations import news, operations
from domains.web.readings import readings
from domains.web.tokens import revoke, tokens
from domains.web.users import users

# Registration, mail and password resets have no address here on purpose.
urlpatterns: list[URLPattern | URLResolver] = [
    path("", fleet, name="fleet"),
    path("fleet/news/", fleet_news, name="fleet_news"),
    path("domains/<slug:host>/<uuid:uuid>/", domain, name="domain"),
    path("domains/<slug:host>/<uuid:uuid>/vcpus/", change, name="change"),
    path("operations/", operations, name="operations"),
    path("operations/news/", news, name="news"),
    path("operations/export/", export, name="export"),
    path("operations/entries/<int:seq>/", entry, name="entry"),
    path("operations/<int:pk>/", operation, name="operation"),
    *(path(f"operations/<int:pk>/{deed}/", act, {"deed": deed}, name=deed) for deed in DEEDS),
    path("batches/", batches, name="batches"),
    path("batches/new/", new_batch, name="new_batch"),
    path("batches/<int:pk>/", batch, name="batch"),
    path("batches/<int:pk>/cancel/", cancel, name="cancel_batch"),
    path("hosts/", hosts, name="hosts"),
    path("hosts/new/", add, name="host_add"),
    path("hosts/tests/<int:pk>/", connection_test, name="connection_test"),
    path("hosts/<slug:host>/", host, name="host"),
    path("hosts/<slug:host>/edit/", edit, name="host_edit"),
    path("hosts/<slug:host>/test/", test, name="host_test"),
    path("hosts/<slug:host>/pause/", switch, {"deed": "pause"}, name="host_pause"),
    path("hosts/<slug:host>/resume/", switch, {"deed": "resume"}, name="host_resume"),
    path("hosts/<slug:host>/remove/", remove, name="host_remove"),
    path("readings/", readings, name="readings"),
    path("api/v1/", api.urls),
    path("users/", users, name="users"),
    path("users/<int:pk>/", user.user, name="user"),
    *(path(f"users/<int:pk>/{deed}/", user.act, {"deed": deed}, name=f"user_{deed}") for deed in user.DEEDS),
    path("users/groups/", groups.groups, name="groups"),
    path("users/groups/<int:pk>/", groups.group, name="group"),
    *(
        path(f"users/groups/<int:pk>/{deed}/", groups.act, {"deed": deed}, name=f"group_{deed}")
        for deed in groups.DEEDS
    ),
    path("account/tokens/", tokens, name="tokens"),
    path("account/tokens/<int:pk>/revoke/", revoke, name="revoke_token"),
    path("accounts/login/", login, name="account_login"),
    path("accounts/logout/", logout, name="account_logout"),
    path("accounts/inactive/", account_inactive, name="account_inactive"),
    path("help/", manual, name="help"),
    path("help/images/<str:name>", picture, name="help_picture"),
    path("help/<str:name>/", manual, name="help_page"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]

handler400 = "domains.web.errors.bad_request"
handler403 = "domains.web.errors.forbidden"
handler404 = "domains.web.errors.not_found"
handler429 = "domains.web.errors.too_many"
handler500 = "domains.web.errors.broken"
