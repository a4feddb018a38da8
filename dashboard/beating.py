"""A worker's signs of life, given by the parent of its pool while it takes messages.

Celery's own ways of asking cost the one who asks: ``inspect`` waits for every worker's answer, or for its timeout, and
events need a process that listens to them all the time.
"""

from __future__ import annotations

import os
from typing import Any

from celery import bootsteps
from celery.worker import state

from domains.operations import workers


class Beating(bootsteps.StartStopStep):
    """Begins once the consumer takes messages, ends when it stops or loses the broker, and begins again."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **options: Any) -> None:  # noqa: ANN401  # Celery's own signature
        """Note the name under which this worker is known."""
        super().__init__(consumer, **options)
        self._name = f"{consumer.hostname}:{os.getpid()}"
        self._repeating: Any = None

    def start(self, consumer: Any) -> None:  # noqa: ANN401
        """Give a sign at once, and then every few seconds."""
        self._beat(consumer)
        self._repeating = consumer.timer.call_repeatedly(workers.EVERY, self._beat, (consumer,))

    def stop(self, consumer: Any) -> None:  # noqa: ANN401
        """Take the last sign back."""
        if self._repeating is not None:
            self._repeating.cancel()
            self._repeating = None
            workers.leave(self._name)

    def _beat(self, consumer: Any) -> None:  # noqa: ANN401
        workers.tell(
            self._name,
            queues=[queue.name for queue in consumer.task_consumer.queues],
            processes=consumer.pool.num_processes,
            busy=len(state.active_requests),
        )
