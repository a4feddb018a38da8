"""The Celery application. A message is only a doorbell: the database row is the queue and the lock."""

from __future__ import annotations

import gc
import os

from celery import Celery
from celery.signals import setup_logging, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

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
