"""The two forms in which an export is written: lines of JSON, and a table. A record is one line in both."""

from __future__ import annotations

import csv
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

from domains.history.chain import Row
from domains.history.export.columns import COLUMNS, cell, cells_of
from domains.history.export.records import Header, LeftOut, Malformed, Record, record_json, record_of

LONGEST = 32 * 2**20  # bytes; an entry about all slots of the largest guest stays far below
csv.field_size_limit(LONGEST)  # the module's own limit is below what an entry may hold
_DIGITS = 18  # what surely fits the database's 64 bits
_ENTRY, _LEFT_OUT, _HEADER, _TRAILER = "entry", "left out", "export begins", "export ends"
_KEYS = {_ENTRY: ("body", "previous_hash", "hash"), _LEFT_OUT: ("digest",)}
_PROOF = ("body", "digest", "previous_hash", "hash")


class Form(ABC):
    """How records become lines and lines records. ``opening`` stands before the first of them."""

    name: str
    media_type: str
    opening: bytes = b""

    @abstractmethod
    def line(self, record: Record) -> bytes:
        """Write a record as a line, with its end. The same record always gives the same bytes."""

    @abstractmethod
    def record(self, line: bytes) -> Record:
        """Read a line. Raises :class:`Malformed` for what this form would not have written."""

    def _exactly(self, record: Record, line: bytes) -> Record:
        if self.line(record) != line:
            raise Malformed("It is not, byte for byte, what an export writes: something in it was changed.")
        return record


class Ndjson(Form):
    """One JSON object a line, ASCII only."""

    name = "ndjson"
    media_type = "application/x-ndjson"

    def line(self, record: Record) -> bytes:
        """Write the record as one object."""
        return f"{_dump(record_json(record))}\n".encode("ascii")

    def record(self, line: bytes) -> Record:
        """Read one object."""
        return self._exactly(_load(_decoded(line)), line)


class Table(Form):
    """CSV for spreadsheets: UTF-8 with its mark, every cell quoted, one row a line.

    Columns before ``body`` are made of it for people. The rows that begin and end the export hold its header
    and trailer as JSON in ``body``.
    """

    name = "csv"
    media_type = "text/csv; charset=utf-8"
    columns = ("row", "seq", *COLUMNS, *_PROOF)

    def __init__(self) -> None:
        self.opening = "\N{BYTE ORDER MARK}".encode() + _row(self.columns)

    def line(self, record: Record) -> bytes:
        """Write the record as one row."""
        told = _told(record)
        return _row(tuple(told.get(column, "") for column in self.columns))

    def record(self, line: bytes) -> Record:
        """Read one row."""
        told = dict(zip(self.columns, _cells(line, len(self.columns)), strict=True))
        if told["row"] not in _KEYS:
            return self._exactly(_load(told["body"]), line)
        values = {key: told[key] for key in _KEYS[told["row"]]}
        return self._exactly(record_of({"seq": _number(told["seq"]), **values}), line)


def _told(record: Record) -> dict[str, str]:
    if isinstance(record, Row):
        return {"row": _ENTRY, **_strings(record._asdict()), **cells_of(record.body)}
    if isinstance(record, LeftOut):
        return {"row": _LEFT_OUT, **_strings(record._asdict())}
    told = {"row": _HEADER if isinstance(record, Header) else _TRAILER, "body": _dump(record.to_json())}
    if isinstance(record, Header):
        told |= {"time": cell(record.time), "actor": cell(record.actor), "door": cell(record.door)}
    return told


def _strings(values: Mapping[str, object]) -> dict[str, str]:
    return {key: str(value) for key, value in values.items()}


def _row(cells: Iterable[str]) -> bytes:
    """Write a row, every cell quoted: then no program finds more cells in it, whatever it separates them by."""
    return f"{','.join(_quoted(text) for text in cells)}\r\n".encode()


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _cells(line: bytes, count: int) -> list[str]:
    try:
        [cells] = csv.reader([_decoded(line)], strict=True)
    except (csv.Error, ValueError) as error:
        raise Malformed("It is no row of CSV.") from error
    if len(cells) != count:
        raise Malformed(f"It has {len(cells)} cells and not {count}.")
    return cells


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise Malformed("Its “seq” is no number.")
    return int(text)


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise Malformed("It is not UTF-8.") from error


def _dump(value: Mapping[str, object]) -> str:
    return json.dumps(value, separators=(",", ":"))


def _load(text: str) -> Record:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed("It is no JSON.") from error
    return record_of(value)


FORMS: Mapping[str, Form] = {form.name: form for form in (Ndjson(), Table())}
