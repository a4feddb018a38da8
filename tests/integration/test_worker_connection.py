"""What a worker's process does with its connection to the database between two tasks."""

from __future__ import annotations

import psycopg
import pytest
from celery.fixups.django import DjangoWorkerFixup
from celery.signals import task_prerun, worker_process_init
from django.db import connection

from dashboard.celery import app
from domains.models import Host


@pytest.fixture
def task(monkeypatch):
    """Be a process of a worker's pool; gives a task, which gives the connection that it leaves open."""

    def run():
        celery.close_database()
        task_prerun.send(sender=None)
        assert Host.objects.count() == 0
        celery.close_database()
        return connection.connection

    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)
    monkeypatch.setitem(connection.settings_dict, "CONN_HEALTH_CHECKS", False)
    worker_process_init.send(sender=None)
    celery = DjangoWorkerFixup(app)
    yield run
    connection.close()


def test_tasks_share_a_connection(any_database, task):
    assert task() is task() is not None


def test_a_task_after_the_server_broke_the_connection_has_a_new_one(postgres_database, task):
    first = task()
    with psycopg.connect(first.info.dsn, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [first.info.backend_pid])
    assert task() is not first
