"""One readable line per event, the same for every process."""

from __future__ import annotations

import logging
import logging.config
from typing import Any

import structlog

SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="%H:%M:%S.%f", utc=True),
    structlog.processors.StackInfoRenderer(),
]


def configure(options: dict[str, Any]) -> None:
    """Set up structlog and the standard library's logging to write the same lines to standard error."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": SHARED,
                    "processor": structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0),
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": options["level"]},
            "loggers": {
                "amqp": {"level": "WARNING"},
                "kombu": {"level": "WARNING"},
                "asyncio": {"level": "WARNING"},
            },
        }
    )
