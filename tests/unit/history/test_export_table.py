from __future__ import annotations

import csv
import io
import json

import pytest

from domains.history.export.columns import cell, cells_of
from domains.history.export.forms import FORMS
from tests.unit.history.exports import BODIES, chain, lines


def table(scope="whole"):
    """Read an export as a spreadsheet does."""
    text = b"".join(lines(chain(), scope, "csv")).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_row_says_in_columns_what_its_body_says():
    _begin, first, second, third, *_ = table()

    assert first["row"] == "entry"
    assert (first["seq"], first["kind"], first["actor"], first["operation"]) == (
        "8",
        "requested",
        "mara",
        "1",
    )
    assert (first["vcpu"], first["affect"]) == ("5", "live")
    assert (third["actor"], third["kind"], third["late"]) == ("", "outside", "")
    assert json.loads(second["body"]) == BODIES[1]
    assert second["note"] == 'größer, "=1+1" second line'


def test_the_export_itself_stands_in_the_first_and_last_row():
    begin, *_, end = table("filtered")

    assert (begin["row"], end["row"]) == ("export begins", "export ends")
    assert (begin["actor"], begin["time"]) == ("'=mara", "2026-11-25T12:00:00.000000Z")
    assert json.loads(begin["body"])["scope"] == "filtered"
    assert json.loads(end["body"])["entries"] == 2


def test_a_left_out_entry_is_a_number_and_a_digest():
    left_out = [row for row in table("filtered") if row["row"] == "left out"]

    assert [row["seq"] for row in left_out] == ["8", "10", "12"]
    assert all(len(row["digest"]) == 64 and not row["kind"] and not row["body"] for row in left_out)


def test_no_cell_begins_a_formula():
    rows = table()

    assert [row["actor"] for row in rows if row["kind"] == "confirmed"] == ["'=cmd|' /C calc'!A0"]
    assert [row["door"] for row in rows if row["kind"] == "granted"] == ["'@SUM(1)"]
    assert not [
        text for row in rows for text in row.values() if text.lstrip().startswith(("=", "+", "-", "@"))
    ]


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", " =", "\t="])
def test_what_may_begin_a_formula_is_made_text(first):
    assert cell(f"{first}1+1").startswith("'")


def test_harmless_text_stays_as_it_is():
    assert cell("web-01 = fine; 2 + 2, größer") == "web-01 = fine; 2 + 2, größer"
    assert cell("a\r\n\tb\x00\u202e") == "a   b  "


def test_a_row_is_one_line_and_every_cell_is_quoted():
    for line in lines(chain(), "whole", "csv"):
        assert line.count(b"\n") == 1
        assert line.lstrip("\N{BYTE ORDER MARK}".encode()).startswith(b'"')
        assert line.endswith(b'"\r\n')


@pytest.mark.parametrize(
    "body", ["", "no JSON", "[1]", '"text"', "1" * 5000, "[" * 100_000, '{"domain":7,"requested":[]}']
)
def test_columns_of_a_body_that_makes_no_sense_are_empty(body):
    assert not any(cells_of(body).values())


def test_a_list_and_an_object_are_told_in_one_cell():
    cells = cells_of(
        '{"requested":{"vcpu":[5,7]},"reason":null,"message":{"a":1},"late":false,"duration":0.5}'
    )

    assert (cells["vcpu"], cells["reason"], cells["message"]) == ("5, 7", "", '{"a": 1}')
    assert (cells["late"], cells["duration"]) == ("no", "0.5")


def test_forms_are_found_by_their_names():
    assert {name: form.media_type for name, form in FORMS.items()} == {
        "ndjson": "application/x-ndjson",
        "csv": "text/csv; charset=utf-8",
    }
