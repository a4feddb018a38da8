"""The Celery application. A message is only a doorbell: the database row is the queue and the lock."""

from __future__ import annotations

import gc
import os

from celery import Celery
from celery.signals import setup_logging, task_prerun, worker_init, worker_process_init
from django.db import connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
# Django's checks would load all pages and the API into workers, 15 MB that these never need.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("slotboard")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["domains.operations"])
app.steps["consumer"].add("dashboard.beating:Beating")  # by name: only workers need it


@setup_logging.connect
def keep_django_logging(**_: object) -> None:
    """Leave logging as Django configured it; connecting to this signal is what keeps Celery from replacing it."""


@worker_init.connect
def share_memory(**_: object) -> None:
    """Keep what is loaded by now from being looked through for garbage, which would copy it into every process."""
    gc.collect()
    gc.freeze()


@worker_process_init.connect
def keep_connection(**_: object) -> None:
    """Let the database connection outlive a task: to open one for each costs more than most tasks do."""
    connection.settings_dict |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}


@task_prerun.connect
def look_after_connection(**_: object) -> None:
    """Have a connection that broke meanwhile opened anew."""
    connection.close_if_unusable_or_obsolete()
