"""Whatever is done to a chain, once, by somebody who cannot compute hashes, is found."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domains.history import chain, ledger
from domains.history.chain import Row
from domains.history.verify import verify
from tests.integration.history.tampering import change, drop_everything, insert, remove

pytestmark = pytest.mark.usefixtures("fresh_database")

CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")  # those that both databases hold
WORDS = st.text(CHARACTERS, max_size=9)
FACTS = st.dictionaries(WORDS, st.none() | st.integers() | WORDS, max_size=4)
TEXT = st.text(CHARACTERS, max_size=70)


@st.composite
def mutations(draw, rows):
    """Choose one deed, and give it with the numbers of the entries that it concerns."""
    last = len(rows)
    seq = draw(st.integers(1, last))
    deed = draw(st.sampled_from(["set", "flip", "remove", "swap", "copy", "insert", "renumber"]))
    if deed == "set":
        column = draw(st.sampled_from(["body", "previous_hash", "hash"]))
        value = draw(TEXT.filter(lambda text: text != getattr(rows[seq - 1], column)))
        return {seq}, lambda: change(seq, **{column: value})
    if deed == "flip":
        column = draw(st.sampled_from(["body", "previous_hash", "hash"]))
        text = getattr(rows[seq - 1], column)
        at = draw(st.integers(0, len(text) - 1))
        put = draw(
            st.characters(codec="ascii", exclude_characters="\0").filter(lambda char: char != text[at])
        )
        return {seq}, lambda: change(seq, **{column: text[:at] + put + text[at + 1 :]})
    if deed == "remove":
        return ({seq} if seq < last else set()), lambda: remove(seq)
    other = draw(st.integers(1, last).filter(lambda number: number != seq)) if last > 1 else None
    if deed == "swap" and other:
        return {seq, other}, lambda: swap(rows[seq - 1], rows[other - 1])
    if deed == "copy" and other and rows[seq - 1].body != rows[other - 1].body:
        return {seq}, lambda: change(seq, body=rows[other - 1].body)
    if deed == "renumber":
        to = draw(st.integers(-5, 2 * last).filter(lambda number: number != seq))
        return {seq, to}, lambda: change(seq, seq=to)
    row = Row(draw(st.integers(0, last + 1)), draw(TEXT), draw(TEXT), draw(TEXT))
    return {row.seq}, lambda: insert(row)


def swap(one, two):
    change(one.seq, seq=1000)
    change(two.seq, seq=one.seq)
    change(1000, seq=two.seq)


@given(st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_single_deed_is_found_where_it_was_done(data):
    with transaction.atomic():
        for facts in data.draw(st.lists(FACTS, min_size=1, max_size=8)):
            ledger.append("started", facts)
        before = list(chain.rows(0))
        drop_everything()
        assert verify().finding is None
        concerned, deed = data.draw(mutations(before))
        deed()
        verdict = verify()
        transaction.set_rollback(True)

    if not concerned:
        assert (verdict.finding, verdict.seq) == (None, len(before) - 1), (
            "only a head kept elsewhere shows it"
        )
        return
    assert verdict.finding is not None
    assert verdict.entries <= max(min(concerned), 1), "no entry behind the deed counts as one that fits"
    assert verdict.finding.seq in {None, *concerned, verdict.seq + 1}
