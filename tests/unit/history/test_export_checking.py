from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domains.history.chain import Head
from domains.history.export.checking import Unfit
from domains.history.export.records import NOT_PROVED, LeftOut
from domains.history.ledger import chain_hash
from tests.unit.history.exports import BODIES, chain, checked, closed, lines, records

SCOPES = ("whole", "filtered", "compact")
FORMS = ("ndjson", "csv")
EXPORTS = {(scope, form): lines(chain(), scope, form) for scope in SCOPES for form in FORMS}
every = pytest.mark.parametrize(("scope", "form"), list(EXPORTS))
exports = st.sampled_from(sorted(EXPORTS))


@every
def test_an_export_fits(scope, form):
    proof = checked(b"".join(EXPORTS[scope, form]))

    assert (proof.form.name, proof.header.scope) == (form, scope)
    assert (proof.header.first, proof.header.last) == (8, 12)
    assert (proof.trailer.entries, proof.trailer.left_out) == {
        "whole": (5, 0),
        "filtered": (2, 3),
        "compact": (2, 0),
    }[scope]
    assert proof.header.filters == ({} if scope == "whole" else {"actor": "mära"})
    assert proof.tied is None


@settings(deadline=None)
@given(exports, st.data())
def test_a_changed_byte_is_found(which, data):
    content = b"".join(EXPORTS[which])
    place = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != content[place]))

    with pytest.raises(Unfit):
        checked(content[:place] + bytes([byte]) + content[place + 1 :])


@settings(deadline=None)
@given(exports, st.data())
def test_bytes_that_are_missing_or_too_many_are_found(which, data):
    content = b"".join(EXPORTS[which])
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, len(content)))
    between = data.draw(st.binary(max_size=20).filter(lambda new: new != content[start:end]))

    with pytest.raises(Unfit):
        checked(content[:start] + between + content[end:])


@settings(deadline=None)
@given(exports, st.data())
def test_lines_that_were_removed_repeated_or_moved_are_found(which, data):
    before = EXPORTS[which]
    line = data.draw(st.sampled_from(range(len(before))))
    to = data.draw(st.sampled_from(range(len(before))))
    after = data.draw(
        st.sampled_from(
            [
                before[:line] + before[line + 1 :],
                [*before[:to], before[line], *before[to:]],
                [*before[:line], before[to], *before[line + 1 :]],
            ]
        ).filter(lambda changed: changed != before)
    )

    with pytest.raises(Unfit):
        checked(b"".join(after))


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_whatever_is_no_export_gets_a_sentence(content):
    with pytest.raises(Unfit, match=r"^Line \d+: .*\.$"):
        checked(content)


def head(row, **changed):
    return Head(row.seq, changed.get("hash", row.hash), "2026-11-25T12:00:00.000000Z")


def problem(held, form):
    """Give what a check says of these records, closed with a trailer that fits them."""
    with pytest.raises(Unfit) as found:
        checked(b"".join(closed(held, form)))
    return str(found.value)


@pytest.mark.parametrize(("form", "first"), [("ndjson", 2), ("csv", 3)])
def test_it_is_said_which_line_does_not_fit_and_why(form, first):
    rows = chain()
    header, *held = records(rows, "whole")
    other = rows[2]._replace(body=rows[2].body.replace("2", "3"))
    rehashed = other._replace(hash=chain_hash(other.previous_hash, other.seq, other.body))

    def told(*records):
        return problem([header, *records], form)

    assert told(*held[:2], other, *held[3:]) == (
        f"Line {first + 2}: Entry 10 does not have the hash that it gives: it was changed."
    )
    assert told(*held[:2], rehashed, *held[3:]) == (
        f"Line {first + 3}: Entry 11 does not continue what stands before it: something before it was changed."
    )
    assert told(*held[:2], *held[3:]) == f"Line {first + 2}: Before entry 11, entry 10 is missing."
    assert told(held[0], held[4]) == f"Line {first + 1}: Before entry 12, entries 9 to 11 are missing."
    assert "Entry 9 stands after entry 10: it was put in, or lines were swapped." in told(
        held[0], held[1], held[2], held[1]
    )
    assert "ends after 11: lines are missing" in told(*held[:4])
    assert "Entry 13 lies beyond the export's range" in told(*held, rows[4]._replace(seq=13))
    assert "says that it is whole" in told(LeftOut(8, "0" * 64))
    assert "not ASCII" in told(held[0]._replace(body="größer"))


@pytest.mark.parametrize("form", FORMS)
def test_a_left_out_entry_keeps_its_place(form):
    header, first, *rest = records(chain(), "filtered")

    changed = problem([header, first._replace(digest="0" * 64), *rest], form)

    assert "Entry 9 does not continue what stands before it" in changed


@pytest.mark.parametrize("form", FORMS)
def test_a_rewritten_export_fits_by_itself_and_a_published_head_finds_it(form):
    rows = chain()
    rewritten = chain([*BODIES[:3], {"kind": "confirmed", "operation": 2}, BODIES[4]])
    content = b"".join(lines(rewritten, "whole", form))

    assert checked(content).tied is None
    assert checked(content, [head(rows[1])]).tied.seq == 9
    with pytest.raises(Unfit, match=r"Entry 11 does not have the hash that was published on 2026-11-25T12"):
        checked(content, [head(rows[3])])


@every
def test_heads_tie_an_export(scope, form):
    content = b"".join(EXPORTS[scope, form])
    rows = chain()

    tied = checked(content, [head(rows[1]), head(rows[3]), head(rows[3]._replace(seq=99))])

    assert (tied.tied.seq, tied.ties) == (11, 2)
    with pytest.raises(Unfit, match="rewritten"):
        checked(content, [head(rows[1]), head(rows[3]), head(rows[3], hash="0" * 64)])


def test_a_head_before_the_first_entry_must_fit_and_ties_none():
    rows = chain(after=7, previous_hash="a" * 64)
    content = b"".join(lines(rows, "whole", "ndjson"))

    assert checked(content, [Head(7, "a" * 64, "")]).tied is None
    with pytest.raises(Unfit, match="Entry 7"):
        checked(content, [Head(7, "b" * 64, "")])


@pytest.mark.parametrize("form", FORMS)
def test_what_compact_does_not_prove_is_said_in_header_and_trailer(form):
    header, first, second = records(chain(), "compact")
    content = b"".join(closed([header, second], form))

    assert checked(content).trailer.entries == 1
    assert "that nothing was left out" in NOT_PROVED["compact"]
    assert content.count(NOT_PROVED["compact"].encode()) == 2
    assert "does not have the hash" in problem([header, first._replace(previous_hash="0" * 64), second], form)


def test_anybody_can_check_a_line_of_json():
    for line in lines(chain(), "whole", "ndjson")[1:-1]:
        told = json.loads(line)
        digest = hashlib.sha256(told["body"].encode()).hexdigest()
        proof = f"{told['previous_hash']}{told['seq']}{digest}"
        assert hashlib.sha256(proof.encode()).hexdigest() == told["hash"]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ({"slotboard_export": 2}, "version 2"),
        ({"scope": "other"}, "whole, filtered or compact"),
        ({"from": True}, "“from” of the header is of the wrong kind"),
        ({"to": 3}, "no range"),
        ({"previous_hash": "A" * 64}, "64 lower-case hexadecimal digits"),
        ({"filters": {"a": [1]}}, "texts and numbers"),
        ({"more": 1}, "must have the keys"),
    ],
)
def test_a_malformed_header_is_named(header, said):
    told = json.loads(EXPORTS["whole", "ndjson"][0])

    with pytest.raises(Unfit, match=said):
        checked(f"{json.dumps({**told, **header}, separators=(',', ':'))}\n".encode())


@pytest.mark.parametrize(
    "line", [b"[" * 100_000, b'{"a":' * 100_000, b"1" * 10_000, b'{"body":1}', b"\xff", b"{}"]
)
@pytest.mark.parametrize("form", FORMS)
def test_a_line_of_nonsense_gets_a_sentence(form, line):
    before = EXPORTS["whole", form][: 2 if form == "csv" else 1]

    with pytest.raises(Unfit, match=rf"^Line {len(before) + 1}: "):
        checked(b"".join([*before, line, b"\n"]))


@every
def test_a_second_header_does_not_fit(scope, form):
    before = EXPORTS[scope, form]
    begun = 2 if form == "csv" else 1

    with pytest.raises(Unfit, match=rf"^Line {begun + 1}: A second header"):
        checked(b"".join([*before[:begun], before[begun - 1], *before[begun:]]))


def test_a_line_beyond_all_bounds_is_not_read_to_its_end(monkeypatch):
    monkeypatch.setattr("domains.history.export.checking.LONGEST", 1000)

    with pytest.raises(Unfit, match="longer than any entry"):
        checked(b"{" + b" " * 2000)
