"""Whatever somebody known asks for and does not get stands in the history, at every door."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import User
from django.test import Client

from domains.models import HistoryEntry, Operation
from domains.operations.actor import Actor
from domains.operations.tokens import make_token
from tests.integration.web.factory import make_domain, make_host, make_operation, make_user
from tests.typed import type_command

API = "/api/v1"
JSON = {"content_type": "application/json"}
HTMX = {"HX-Request": "true"}


def make_world():
    """A guest with an operation that waits; ``mara`` may change it, ``vera`` only look."""
    domain = make_domain(make_host())
    operation = make_operation(domain, [(5, "live", "waiting")], action="remove", status="waiting")
    make_user("mara", "operator")
    make_user("vera", "viewer")
    return {"domain": f"hv1/{domain.uuid}", "operation": operation.pk, "named": domain}


@pytest.fixture
def world(db):
    return make_world()


@pytest.fixture
def stored_world(fresh_database):
    """The same for commands, which close their connection when they end."""
    return make_world()


def refused() -> list[dict]:
    return [json.loads(entry.body) for entry in HistoryEntry.objects.filter(kind="refused").order_by("seq")]


def token_of(name: str) -> dict[str, str]:
    user = User.objects.get(username=name)
    _, secret = make_token(actor=Actor(name, "page", user), user=user, name="script")
    return {"Authorization": f"Bearer {secret}"}


def signed_in(name: str, **options) -> Client:
    client = Client(REMOTE_ADDR="192.0.2.7", **options)
    client.force_login(User.objects.get(username=name))
    return client


OF_DOMAIN = f"{API}/domains/{{domain}}/vcpus/"
OF_OPERATION = f"{API}/operations/{{operation}}/"
# what -> (who, address, body, status, what the entry says of it)
API_CASES = {
    "body that is no JSON": ("mara", OF_DOMAIN + "add", "{oops", 400, {"action": "add", "sent": "{oops"}),
    "no body": ("mara", OF_DOMAIN + "add", "", 400, {"action": "add", "sent": ""}),
    "a list": ("mara", OF_DOMAIN + "remove", "[]", 400, {"action": "remove", "sent": "[]"}),
    "unknown field": ("mara", OF_DOMAIN + "add", '{"vpcu": 5}', 400, {"sent": '{"vpcu": 5}'}),
    "wrong type": ("mara", OF_DOMAIN + "add", '{"vcpu": true}', 400, {"sent": '{"vcpu": true}'}),
    "slot that is none": ("mara", OF_DOMAIN + "add", '{"vcpu": "x"}', 400, {"action": "add"}),
    "body too large": ("mara", OF_DOMAIN + "add", " " * 70_000, 413, {"sent": " " * 500}),
    "body far too large": ("mara", OF_DOMAIN + "add", " " * 3_000_000, 413, {"sent": None}),
    "unknown action": ("mara", OF_DOMAIN + "explode", "{}", 400, {"action": "explode", "sent": "{}"}),
    "not permitted": ("vera", OF_DOMAIN + "add", '{"vcpu": 2}', 403, {"action": "add"}),
    "domain that is not there": (
        "mara", f"{API}/domains/hv1/web99/vcpus/add", '{"vcpu": 2}', 404, {"domain": {"name": "web99", "uuid": None}},
    ),
    "malformed, for a domain that is not there": (
        "mara", f"{API}/domains/hv1/web99/vcpus/add", "{", 400, {"domain": {"name": "web99", "uuid": None}},
    ),
    "control with a body that is no JSON": ("mara", OF_OPERATION + "cancel", "{oops", 400, {"sent": "{oops"}),
    "control with an unknown field": ("mara", OF_OPERATION + "ask-again", '{"why": 1}', 400, {"action": "ask again"}),
    "control with a note that is no text": ("mara", OF_OPERATION + "cancel", '{"note": 7}', 400, {"action": "cancel"}),
    "control with a note too long": (
        "mara", OF_OPERATION + "stop-waiting", json.dumps({"note": "n" * 2001}), 400, {"action": "stop waiting"},
    ),
    "control too large": ("mara", OF_OPERATION + "cancel", " " * 70_000, 413, {"action": "cancel"}),
    "control that does not exist": ("mara", OF_OPERATION + "explode", "{}", 400, {"action": "explode"}),
    "undo with a body that is no JSON": ("mara", OF_OPERATION + "undo", "{oops", 400, {"action": "undo"}),
    "retry that is not possible": ("mara", OF_OPERATION + "retry", "{}", 409, {"action": "retry"}),
    "control that is not possible": ("mara", OF_OPERATION + "cancel", "{}", 409, {"action": "cancel"}),
    "control that is not permitted": ("vera", OF_OPERATION + "cancel", "{}", 403, {"action": "cancel"}),
    "control of no operation": ("mara", f"{API}/operations/999/cancel", "{}", 404, {"asked_about": "999"}),
    "control of no number": ("mara", f"{API}/operations/x/cancel", "{}", 400, {"path": f"{API}/operations/x/cancel"}),
}  # fmt: skip


@pytest.mark.parametrize("case", API_CASES)
def test_every_refusal_of_the_api_is_an_entry(world, case):
    who, path, body, status, told = API_CASES[case]
    headers = token_of(who)
    answer = Client().post(path.format(**world), body, **JSON, headers=headers, REMOTE_ADDR="192.0.2.7")
    assert answer.status_code == status, answer.text
    (entry,) = refused()
    assert entry == entry | told
    assert (entry["actor"], entry["door"], entry["address"], entry["token"]) == (
        who,
        "api",
        "192.0.2.7",
        "script",
    )
    assert entry["message"] == answer.json()["message"]
    assert len(json.dumps(entry)) < 2500
    if "{domain}" in path or "{operation}" in path:
        assert entry["domain"] == {"name": "web01", "uuid": str(world["named"].uuid)}
        assert entry["host"] == "hv1"


PAGE = "/domains/{domain}/vcpus/"
CONTROL = "/operations/{operation}/"
ADD = {"action": "add", "vcpu": "2", "affect": "live"}
# what -> (who, address, form, status, what the entry says of it)
PAGE_CASES = {
    "empty form": ("mara", PAGE, {}, 400, {"action": ""}),
    "unknown action": ("mara", PAGE, ADD | {"action": "explode"}, 400, {"action": "explode"}),
    "slot that is none": ("mara", PAGE, ADD | {"vcpu": "x"}, 400, {"requested": {"vcpu": "x", "affect": "live"}}),
    "side that is none": ("mara", PAGE, ADD | {"affect": "up"}, 400, {"requested": {"vcpu": "2", "affect": "up"}}),
    "button that is none": ("mara", PAGE, {"pick": "nonsense", "affect": "live"}, 400, {"reason": "invalid_request"}),
    "note too long": ("mara", PAGE, ADD | {"note": "n" * 2001}, 400, {"note": "n" * 200}),
    "not permitted": ("vera", PAGE, ADD, 403, {"reason": "not_permitted"}),
    "too many fields": ("mara", PAGE, {f"f{number}": "" for number in range(1001)}, 400, {"sent": "{}"}),
    "too large": ("mara", PAGE, "x" * 3_000_000, 400, {"sent": "{}"}),
    "cancel what waits": ("mara", CONTROL + "cancel/", {}, 409, {"action": "cancel"}),
    "undo what has not ended": ("mara", CONTROL + "undo/", {}, 409, {"action": "undo"}),
    "cancel without a right to": ("vera", CONTROL + "cancel/", {}, 403, {"action": "cancel"}),
    "cancel what is not there": ("mara", "/operations/999/cancel/", {}, 404, {"asked_about": "999"}),
    "cancel a number of 300 digits": ("mara", f"/operations/{'9' * 300}/cancel/", {}, 404, {"asked_about": "9" * 200}),
    "token without a name": ("mara", "/account/tokens/", {"name": "", "days": "9"}, 400, {"path": "/account/tokens/"}),
    "token above one's role": (
        "vera", "/account/tokens/", {"name": "x", "role": "operator", "days": "9"}, 403, {"reason": "not_permitted"},
    ),
    "token of somebody else": ("mara", "/account/tokens/999/revoke/", {}, 404, {"path": "/account/tokens/999/revoke/"}),
    "address that takes no POST": ("mara", "/operations/", {}, 405, {"path": "/operations/", "method": "POST"}),
    "address that is none": ("mara", "/nothing/", {}, 404, {"path": "/nothing/"}),
}  # fmt: skip


@pytest.mark.parametrize("by_htmx", [False, True])
@pytest.mark.parametrize("case", PAGE_CASES)
def test_every_refusal_of_the_pages_is_an_entry(world, case, by_htmx):
    who, path, form, status, told = PAGE_CASES[case]
    kind = {"content_type": "application/x-www-form-urlencoded"} if isinstance(form, str) else {}
    answer = signed_in(who).post(path.format(**world), form, headers=HTMX if by_htmx else {}, **kind)
    assert answer.status_code == status
    (entry,) = refused()
    assert entry == entry | told
    assert (entry["actor"], entry["door"], entry["address"], entry["token"]) == (
        who,
        "page",
        "192.0.2.7",
        None,
    )
    assert entry["message"].endswith((".", "?"))
    if "{domain}" in path or "{operation}" in path:
        assert entry["domain"] == {"name": "web01", "uuid": str(world["named"].uuid)}


@pytest.mark.parametrize(
    "path", [PAGE, CONTROL + "cancel/", "/account/tokens/", "/accounts/logout/", OF_DOMAIN + "add"]
)
def test_request_without_its_csrf_token_is_an_entry(world, path):
    client = signed_in("mara", enforce_csrf_checks=True)
    form = {"action": "add", "name": "x", "password": "a password", "csrfmiddlewaretoken": "forged"}
    assert client.post(path.format(**world), form).status_code == 403
    (entry,) = refused()
    assert (entry["actor"], entry["reason"]) == ("mara", "not_permitted")
    assert path.startswith(API) or ("a password" not in entry["sent"] and "forged" not in entry["sent"])


def test_refusal_about_no_domain_is_told_to_whom_it_concerns(world):
    client = signed_in("mara")
    client.post("/account/tokens/", {"name": ""})
    assert "used /account/tokens/" in client.get("/operations/").text
    assert "used /account/tokens/" not in signed_in("vera").get("/operations/").text


def test_who_is_not_known_leaves_no_refusal(world):
    for path in (PAGE, CONTROL + "cancel/", OF_DOMAIN + "add", "/nothing/"):
        Client().post(path.format(**world), {})
        Client(enforce_csrf_checks=True).post(path.format(**world), {})
    assert refused() == []


def test_looking_leaves_no_entry_however_it_ends(world):
    client = signed_in("mara")
    for path in (
        "/operations/999/",
        "/nothing/",
        "/operations/?before=x",
        f"{API}/operations?status=x",
        f"{API}/x",
    ):
        assert client.get(path).status_code in (400, 404)
    assert refused() == []


def test_what_was_typed_at_a_refused_sign_in_is_never_kept(world):
    client = signed_in("mara", enforce_csrf_checks=True)
    client.post("/accounts/login/", {"login": "mara", "password": "a password"})
    assert "a password" not in "".join(HistoryEntry.objects.values_list("body", flat=True))


# what -> (command line, exit status, what the entry says of it)
COMMAND_CASES = {
    "unknown action": ("vcpu explode hv1 web01", 2, {"action": "explode"}),
    "unknown host": ("vcpu add nowhere web01 --vcpu 2", 2, {"reason": "host_not_found", "host": "nowhere"}),
    "unknown domain": ("vcpu add hv1 web99 --vcpu 2", 2, {"domain": {"name": "web99", "uuid": None}}),
    "slot that is none": (
        "vcpu add hv1 web01 --vcpu x",
        2,
        {"requested": {"vcpu": "x", "affect": "current"}},
    ),
    "unknown user": (
        "vcpu add hv1 web01 --as nobody",
        2,
        {"reason": "not_permitted", "path": "manage.py vcpu"},
    ),
    "user without the role": (
        "vcpu add hv1 web01 --as vera",
        2,
        {"actor": "vera", "reason": "not_permitted"},
    ),
    "missing words": ("vcpu add hv1", 2, {"sent": '{"typed": ["add", "hv1"]}', "path": "manage.py vcpu"}),
    "unknown option": ("vcpu add hv1 web01 --hard", 2, {"reason": "invalid_request"}),
    "control that is none": ("operation explode 1", 2, {"path": "manage.py operation"}),
    "number that is none": ("operation cancel x", 2, {"sent": '{"typed": ["cancel", "x"]}'}),
    "operation that is not there": ("operation cancel 999", 2, {"asked_about": "999"}),
    "control that is not possible": ("operation cancel {operation}", 2, {"reason": "not_cancellable"}),
    "undo that is not possible": ("operation undo {operation}", 2, {"action": "undo"}),
    "token for nobody": ("token create nobody --name x", 2, {"path": "manage.py token"}),
    "token above the role": ("token create vera --name x --role operator", 2, {"reason": "not_permitted"}),
    "role on a host that is not allowed": (
        "host add rack1 qemu+ext:///system",
        1,
        {"path": "manage.py host"},
    ),
    "wrong line of grant": (
        "grant mara king --host=qemu://a:hunter2@h",
        2,
        {"path": "manage.py grant", "sent": '{"typed": ["--host"]}'},
    ),
    "wrong line of host": ("host add h1 qemu://a:hunter2@h more", 2, {"sent": "{}"}),
    "wrong line of token": ("token create mara hunter2", 2, {"path": "manage.py token", "sent": "{}"}),
    "wrong line of changepassword": ("changepassword mara hunter2", 2, {"sent": "{}"}),
    "wrong line of history": ("history archive", 2, {"path": "manage.py history"}),
    "time that is none": (
        "history archive --before then",
        2,
        {"message": "“then” is no time; write 2026-11-25 or 2026-11-25T14:30:00Z."},
    ),
    "heads that are not there": (
        "history restored --against /nowhere --note x",
        2,
        {"path": "manage.py history"},
    ),
    "range that is none": ("history export --from 0", 2, {"reason": "invalid_request"}),
    "name that none can have": ("grant a:b viewer", 1, {"path": "manage.py grant"}),
}


@pytest.mark.parametrize("case", COMMAND_CASES)
def test_every_refusal_of_the_commands_is_an_entry(stored_world, case, capsys):
    line, status, told = COMMAND_CASES[case]
    with pytest.raises(SystemExit) as ended:
        type_command(*line.format(**stored_world).split())
    assert ended.value.code == status
    (entry,) = refused()
    assert entry == entry | told
    assert entry["door"] == "command"
    assert entry["actor"].startswith("os:") or "--as vera" in line
    assert "hunter2" not in json.dumps(entry)


@pytest.mark.parametrize(
    "line",
    [
        "vcpu show hv1 web99",
        "operation show 999",
        "vcpu --help",
        "grant --help",
        "vcpu show hv1 web01",
        "history verify --loud",
        "history verify-export /nowhere",
    ],
)
def test_looking_by_command_leaves_no_entry(stored_world, line, capsys):
    with pytest.raises(SystemExit):
        type_command(*line.split())
    assert refused() == []
    assert Operation.objects.count() == 1
