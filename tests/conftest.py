"""What the tests share: a Redis of their own, and database files for tests with real transactions."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections
from django.test.utils import setup_databases, teardown_databases
from pytest_django.plugin import DjangoDbBlocker
from redis import Redis
from redis.exceptions import RedisError

from domains.operations import workers
from domains.push import reach
from domains.web import troubles
from lab.instance import Instance
from tests.lab.fresh import FreshGuests
from tests.postgres import PostgresServer
from tests.product import Product
from tests.waiting import wait_until


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
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Make the migrated database, also for tests that take a copy of it and so carry no mark for it."""
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False, aliases={"default"}, serialized_aliases=set())
    yield
    with django_db_blocker.unblock():
        teardown_databases(made, verbosity=0)


@contextmanager
def _fresh_file(folder: Path) -> Iterator[Path]:
    """Point every connection of this process, and of those it starts, at a copy of the migrated database."""
    configured = connections.settings["default"]
    template = configured["NAME"]
    path = folder / "fresh.sqlite3"
    with closing(sqlite3.connect(template)) as source, closing(sqlite3.connect(path)) as target:
        source.backup(target)
    connections.close_all()
    configured["NAME"] = str(path)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DATABASE_URL", f"sqlite:///{path}")
        environment.setenv("DJANGO_SETTINGS_MODULE", "tests.settings")
        try:
            yield path
        finally:
            connections.close_all()
            configured["NAME"] = template
            shutil.rmtree(folder)


@pytest.fixture
def fresh_database(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """Give a test with real transactions, threads or processes a migrated database file of its own.

    The history's triggers refuse to be flushed, so such tests cannot clean up behind themselves.
    """
    with django_db_blocker.unblock(), _fresh_file(tmp_path_factory.mktemp("database")) as path:
        yield path


@pytest.fixture(scope="module")
def module_database(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """As ``fresh_database``, for modules whose tests share processes, such as a worker."""
    with django_db_blocker.unblock(), _fresh_file(tmp_path_factory.mktemp("database")) as path:
        yield path


@pytest.fixture(scope="session")
def postgres_server(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[PostgresServer]:
    """Run one PostgreSQL server for the whole test session."""
    server = PostgresServer()
    with django_db_blocker.unblock():
        server.start()
    yield server
    server.stop()


@pytest.fixture
def postgres_database(postgres_server: PostgresServer, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """As ``fresh_database``, on PostgreSQL; gives the database's name."""
    with django_db_blocker.unblock(), postgres_server.fresh() as name:
        yield name


@pytest.fixture(params=["sqlite", "postgresql"])
def any_database(request: pytest.FixtureRequest) -> str:
    """Run a test on a fresh database of each kind; gives the kind, as ``connection.vendor`` names it."""
    request.getfixturevalue("fresh_database" if request.param == "sqlite" else "postgres_database")
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
