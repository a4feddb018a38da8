"""libvirt's numbers for errors, as far as they mean something of their own here."""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """The codes of libvirt (``VIR_ERR_*``) that mean something of their own here."""

    INTERNAL_ERROR = 1
    NO_SUPPORT = 3
    UNKNOWN_HOST = 4
    NO_CONNECT = 5
    INVALID_CONN = 6
    INVALID_ARG = 8
    OPERATION_FAILED = 9
    OPERATION_DENIED = 29
    SYSTEM_ERROR = 38
    RPC = 39
    GNUTLS_ERROR = 40
    NO_DOMAIN = 42
    AUTH_FAILED = 45
    OPERATION_INVALID = 55
    OPERATION_TIMEOUT = 68
    ARGUMENT_UNSUPPORTED = 74
    AUTH_CANCELLED = 79
    OPERATION_UNSUPPORTED = 84
    AGENT_UNRESPONSIVE = 86
    ACCESS_DENIED = 88
    AUTH_UNAVAILABLE = 94
    AGENT_UNSYNCED = 97
    # Hosts since libvirt 11.2 send these two; a client library older than that does not name them.
    AGENT_COMMAND_TIMEOUT = 112
    AGENT_COMMAND_FAILED = 113


class Origin(IntEnum):
    """The parts of libvirt (``VIR_FROM_*``) whose errors speak of the connection, not of the domain."""

    NONE = 0
    RPC = 7
    REMOTE = 13
