"""Every door there is: what it is called, what it is about, and what it asks of whoever comes.

An address, an operation of the API, a topic, a command with ``--as`` that stands here not makes a test fail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from domains.web import groups, operation, user
from tests.integration.rights.oracle import Right
from tests.integration.rights.world import GUESTS, INSIDE, OUTSIDE, Guest, Person, cast_for

CHANGE = {"action": "add", "vcpu": "2", "affect": "live"}
SIDES = {"make-removable": "config", "sync": "config"}  # else live
FEW = (INSIDE, OUTSIDE)
MANY = {"action": "add", "vcpu": "2", "affect": "live", "count": ""}


@dataclass(frozen=True, eq=False)
class Door:
    """An address by its name. ``of`` says what the rest of the address names: a guest, an operation, an entry ...

    It is tried for ``guests``, or once where it is about none. A *choice* names the guest in what is sent, as ``{row}``,
    ``{host}`` or ``{uuid}``. ``named`` fills what else stands in the address. Where a session opens nothing it is tried
    ``by_token``.
    """

    name: str
    words: str
    right: Right
    of: str = ""
    method: str = "get"
    send: Mapping[str, object] = field(default_factory=dict)
    guests: tuple[Guest | None, ...] = (None,)
    named: Mapping[str, str] = field(default_factory=dict)
    by_token: bool = False

    @property
    def api(self) -> bool:
        """Whether it belongs to the API, which takes tokens too."""
        return self.name.startswith("api:")

    @property
    def people(self) -> tuple[Person, ...]:
        """Who tries it."""
        return cast_for(self.guests)

    def __str__(self) -> str:
        return " ".join((self.method, self.name, *self.named.values()))


def _post(name: str, words: str, right: Right, **more: object) -> Door:
    return Door(name, words, right, method="post", **more)


_FORMS = {
    "grant": {"role": "viewer", "pattern": "x*"},
    "join": {"group": "empty"},
    "rename": {"name": "full"},
    "add": {"user": "other"},
}
HOSTS = "every page about hosts and connection tests, and all that is done there"
PEOPLE = "every page about people and groups, and all that is done there"
PAGES = (
    Door("fleet", "the fleet page", Right.MEMBER),
    Door("fleet_news", "the fleet page", Right.MEMBER),
    Door("domain", "the page of a guest", Right.SEE, "guest", guests=GUESTS),
    _post("change", "changing a guest on its page", Right.CHANGE, of="guest", send=CHANGE, guests=GUESTS),
    Door("operations", "the operation history", Right.MEMBER),
    Door("news", "the operation history", Right.MEMBER, send={"after": 0}),
    _post("export", "exporting the history", Right.EXPORT, send={"format": "ndjson"}),
    Door("operation", "the page of an operation", Right.SEE, "operation", guests=GUESTS),
    *(
        _post(
            deed,
            "cancelling, asking again, undoing and so on there",
            Right.CHANGE,
            of="operation",
            guests=FEW,
        )
        for deed in operation.DEEDS
    ),
    Door("entry", "an entry about a guest", Right.SEE, "entry", guests=GUESTS),
    Door("entry", "an entry about no guest, such as a sign-in of somebody else", Right.HISTORY, "entry"),
    Door("batches", "the list of batches", Right.MEMBER),
    Door("new_batch", "planning a batch", Right.SEE, "choice", send={"domain": "{row}", **MANY}, guests=FEW),
    _post(
        "batches",
        "asking for a batch",
        Right.CHANGE,
        of="choice",
        send={"plan": "{row}:shown", **MANY},
        guests=GUESTS,
    ),
    Door("batch", "the page of a batch of one guest", Right.SEE, "batch", guests=GUESTS),
    _post("cancel_batch", "cancelling it there", Right.CHANGE, of="batch", guests=FEW),
    Door("hosts", HOSTS, Right.ADMINISTER),
    Door("host_add", HOSTS, Right.ADMINISTER),
    _post("host_add", HOSTS, Right.ADMINISTER, send={"slug": "hv3"}),
    Door("connection_test", HOSTS, Right.ADMINISTER, "test"),
    *(Door(name, HOSTS, Right.ADMINISTER, "host") for name in ("host", "host_edit", "host_remove")),
    *(
        _post(f"host_{deed}", HOSTS, Right.ADMINISTER, of="host")
        for deed in ("edit", "test", "pause", "resume", "remove")
    ),
    Door("readings", "how old readings are", Right.MEMBER),
    Door("users", PEOPLE, Right.ADMINISTER),
    _post("users", PEOPLE, Right.ADMINISTER, send={"name": "new"}),
    Door("user", PEOPLE, Right.ADMINISTER, "person"),
    *(
        _post(f"user_{deed}", PEOPLE, Right.ADMINISTER, of="person", send=_FORMS.get(deed, {}))
        for deed in user.DEEDS
    ),
    Door("groups", PEOPLE, Right.ADMINISTER),
    _post("groups", PEOPLE, Right.ADMINISTER, send={"name": "new"}),
    Door("group", PEOPLE, Right.ADMINISTER, "group"),
    *(
        _post(f"group_{deed}", PEOPLE, Right.ADMINISTER, of="group", send=_FORMS.get(deed, {}))
        for deed in groups.DEEDS
    ),
    Door("tokens", "one’s own tokens", Right.MEMBER),
    _post("tokens", "one’s own tokens", Right.MEMBER, send={"name": "nightly", "days": "30"}),
    _post("revoke_token", "ending a token of somebody else on that page", Right.OWN, of="token"),
    Door("help", "help", Right.MEMBER),
    Door("help_page", "help", Right.MEMBER, named={"name": "words"}),
    Door("help_picture", "help", Right.MEMBER, named={"name": "operation.svg"}),
    Door("account_login", "signing in and out", Right.NONE),
    _post("account_logout", "signing in and out", Right.NONE),
    Door("account_inactive", "signing in and out", Right.NONE),
    Door("healthz", "whether the web answers", Right.NONE),
    Door("readyz", "whether the web answers", Right.NONE),
    Door("metrics", "the figures, by a token", Right.FIGURES, by_token=True),
)
API = (
    Door("api:openapi-json", "the API’s description", Right.NONE),
    Door("api:list_hosts", "the lists of the API", Right.MEMBER),
    Door("api:list_domains", "the lists of the API", Right.MEMBER),
    Door("api:list_operations", "the lists of the API", Right.MEMBER),
    Door("api:show_domain", "a guest by the API", Right.SEE, "guest", guests=GUESTS),
    *(
        _post(
            "api:change_vcpus", "changing a guest by the API", Right.CHANGE, of="guest", guests=FEW if action != "add" else GUESTS,
            send={"vcpu": 2, "affect": SIDES.get(action, "live")}, named={"action": action},
        )
        for action in ("add", "remove", "make-removable", "online", "offline", "sync")
    ),
    _post(
        "api:start_batch", "asking for a batch by the API", Right.CHANGE, of="choice", guests=FEW,
        send={"action": "add", "domains": ["{host}/{uuid}"], "vcpu": 2, "affect": "live"},
    ),
    Door("api:show_batch", "a batch of one guest by the API", Right.SEE, "batch", guests=GUESTS),
    *(
        _post(f"api:{deed}_batch", "cancelling or retrying it by the API", Right.CHANGE, of="batch", guests=FEW)
        for deed in ("cancel", "retry")
    ),
    Door("api:show_operation", "an operation by the API", Right.SEE, "operation", guests=GUESTS),
    *(
        _post(name, "cancelling, undoing and so on by the API", Right.CHANGE, of="operation", guests=FEW, named=named)
        for name, named in (
            ("api:undo_operation", {}),
            ("api:retry_operation", {}),
            *(("api:control_operation", {"deed": deed}) for deed in ("cancel", "ask-again", "stop-waiting")),
        )
    ),
)  # fmt: skip
# Addresses that answer nothing by themselves: the API's own root is there for others to be found by it.
NO_DOORS = {"api:api-root"}


@dataclass(frozen=True)
class Listing:
    """An address that shows many guests, or what is of them, or the hosts that they are on.

    ``{wide}`` in it is the number of a batch of all guests. Without ``words`` it is tried and not told of: not everybody who sees some guests finds one there.
    """

    path: str
    words: str
    of: str = "guest"


LISTS = (
    Listing("/", "guests on the fleet page"),
    Listing("/?q=0", "guests on the fleet page"),
    Listing("/?state=running&sort=-name", ""),
    Listing("/operations/", "operations in the history"),
    Listing("/operations/?batch={wide}", ""),
    Listing("/batches/", "batches in their list"),
    Listing("/readings/", "hosts whose readings are told", "host"),
    Listing("/api/v1/domains", "guests by the API"),
    Listing("/api/v1/domains?q=DB", ""),
    Listing("/api/v1/operations", "operations by the API"),
    Listing("/api/v1/operations?batch={wide}", ""),
    Listing("/api/v1/hosts", "hosts by the API", "host"),
)
# What pages listen to: the topic -> its words, what it names, and the right that it takes.
TOPICS = {
    "fleet": ("listening to the fleet, operations or batches", "", Right.MEMBER),
    "operations": ("listening to the fleet, operations or batches", "", Right.MEMBER),
    "batches": ("listening to the fleet, operations or batches", "", Right.MEMBER),
    "row:{row}": ("listening to a guest", "guest", Right.SEE),
    "domain:{host}/{uuid}": ("listening to a guest", "guest", Right.SEE),
    "domain:{uuid}": ("listening to a guest", "guest", Right.SEE),
    "operation:{number}": ("listening to an operation", "operation", Right.SEE),
    "batch:{batch}": ("listening to a batch of one guest", "batch", Right.SEE),
    "host:{host}": ("listening to a host", "host", Right.SEE),
}
# Commands that act with somebody's rights: words, what they are about, and the right that it takes.
COMMANDS = {
    "vcpu show": ("`vcpu show --as`", "guest", Right.SEE),
    "vcpu add": ("`vcpu add --as`", "guest", Right.CHANGE),
    "operation show": ("`operation show --as`", "operation", Right.SEE),
    "operation cancel": ("`operation cancel --as`", "operation", Right.CHANGE),
    "batch add --dry-run": ("`batch add --dry-run --as`", "choice", Right.SEE),
    "batch add": ("`batch add --as`", "choice", Right.CHANGE),
    "batch show": ("`batch show --as`", "batch", Right.SEE),
    "batch cancel": ("`batch cancel --as` and `batch retry --as`", "batch", Right.CHANGE),
    "batch retry": ("`batch cancel --as` and `batch retry --as`", "batch", Right.CHANGE),
}
