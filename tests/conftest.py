"""What the tests share: a Redis of their own, and databases for tests with real transactions."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker
from redis import Redis
from redis.exceptions import RedisError

from domains.operations import workers
from domains.push import reach
from domains.web import troubles
from lab.instance import Instance
from tests.databases import KINDS, Databases, SqliteFiles, leave_out, told
from tests.lab.fresh import FreshGuests
from tests.postgres import PostgresServer
from tests.product import Product
from tests.waiting import wait_until

LEFT_OUT = pytest.StashKey[dict[str, list[pytest.Item]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run choose the database."""
    parser.addoption(
        "--database",
        choices=KINDS,
        default="sqlite",
        help="what the tests that use a database run on; postgresql leaves out all others",
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what a run for PostgreSQL has no use for."""
    config.stash[LEFT_OUT] = leave_out(config, items) if config.getoption("database") == "postgresql" else {}


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    """Say what was left out."""
    return [*told(config.stash[LEFT_OUT])]


class RedisServer:
    """A private Redis on the Unix socket that the settings name; it can be killed, frozen and started again."""

    def __init__(self) -> None:
        self.socket = Path(settings.REDIS_URL.removeprefix("unix://"))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        self.socket.parent.mkdir(mode=0o700, exist_ok=True)
        command = ["redis-server", "--port", "0", "--unixsocket", str(self.socket), "--save", ""]
        command += ["--dir", str(self.socket.parent), "--appendonly", "no"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_until(self._answers, what="Redis")

    def stop(self) -> None:
        """Kill it, as a crash would, without a trace left on disk."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
        self.socket.unlink(missing_ok=True)

    def _answers(self) -> bool:
        try:
            with self.client() as redis:
                return bool(redis.ping())
        except RedisError:
            return False  # the socket is there a moment before anybody listens

    def client(self) -> Redis:
        """Connect to it; to be used as a context manager."""
        return Redis.from_url(settings.REDIS_URL, decode_responses=True)


@pytest.fixture(autouse=True)
def nothing_seen_yet() -> None:
    """Have every test begin as a process that has not looked yet whether all is well."""
    troubles.forget()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """Run one Redis server for the whole test session."""
    server = RedisServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[Redis]:
    """Give a client of an empty, answering Redis."""
    if redis_server.process is None or redis_server.process.poll() is not None:
        redis_server.start()
    with redis_server.client() as client:
        client.flushall()
        reach._Outage.until = workers._Glance.until = 0.0
        yield client


@pytest.fixture(scope="session")
def postgres_server(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[PostgresServer]:
    """Run one PostgreSQL server for the whole test session."""
    server = PostgresServer()
    with django_db_blocker.unblock():
        server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def databases(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Databases]:
    """Give where the databases of the kind that was chosen for this run come from."""
    if request.config.getoption("database") == "postgresql":
        server = request.getfixturevalue("postgres_server")
        with server.chosen():
            yield server
        return
    with django_db_blocker.unblock():
        files = SqliteFiles(tmp_path_factory)
    yield files
    with django_db_blocker.unblock():
        files.end()


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, databases: Databases, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Make the migrated database of the tests whose transaction is undone."""
    if request.config.getoption("database") == "sqlite":
        yield  # the file that others are copied from: nothing is ever committed to it
        return
    with django_db_blocker.unblock(), databases.fresh():
        yield


@pytest.fixture
def fresh_database(
    django_db_setup: None, databases: Databases, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """Give a test with real transactions, threads or processes a migrated database of its own, and its kind.

    The history's triggers refuse to be flushed, so such tests cannot clean up behind themselves.
    """
    with django_db_blocker.unblock(), databases.fresh():
        yield connection.vendor


@pytest.fixture(scope="module")
def module_database(
    django_db_setup: None, databases: Databases, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """As ``fresh_database``, for modules whose tests share processes, such as a worker."""
    with django_db_blocker.unblock(), databases.fresh():
        yield connection.vendor


@pytest.fixture
def sqlite_database(
    django_db_setup: None, databases: Databases, django_db_blocker: DjangoDbBlocker
) -> Iterator[Path]:
    """As ``fresh_database``, for what is about SQLite by its nature; gives the database's file."""
    assert isinstance(databases, SqliteFiles), "a run for PostgreSQL leaves these tests out"
    with django_db_blocker.unblock(), databases.fresh() as path:
        yield path


@pytest.fixture
def postgres_database(
    django_db_setup: None, postgres_server: PostgresServer, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """As ``fresh_database``, for what is about PostgreSQL by its nature; gives the database's name."""
    with django_db_blocker.unblock(), postgres_server.chosen(), postgres_server.fresh() as name:
        yield name


@pytest.fixture(params=KINDS)
def any_database(request: pytest.FixtureRequest) -> str:
    """Run a test on a fresh database of each kind; gives the kind, as ``connection.vendor`` names it."""
    request.getfixturevalue("sqlite_database" if request.param == "sqlite" else "postgres_database")
    return str(request.param)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Run one lab for the whole test session, with no guest booted yet."""
    instance = Instance(tmp_path_factory.mktemp("lab"))
    try:
        instance.up(["batch01"])  # shut off: it brings the daemons and costs no boot
        yield instance
    finally:
        instance.down()


@pytest.fixture(scope="session")
def fresh_guests(lab: Instance) -> FreshGuests:
    """Give what starts fresh guests in the session's lab."""
    return FreshGuests(lab)


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Run the whole product with its own lab for the tests that look at it from outside."""
    running = Product(tmp_path_factory.mktemp("product"), SLOTBOARD_ALLOW_TCP="1")
    running.start()
    yield running
    assert running.stop() == 0, running.log[-3000:]
