from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.operations.parse import parse_change, parse_choice, parse_expect, parse_note, parse_vcpu
from domains.operations.refused import RequestRefused
from domains.vcpu.affect import Affect
from domains.vcpu.reasons import Reason
from domains.vcpu.rules import Action


@pytest.mark.parametrize(
    ("raw", "action", "wanted"),
    [
        ("5", Action.ADD, [5]),
        (5, Action.ADD, [5]),
        ("7,5", Action.ADD, [7, 5]),
        (["7", "5"], Action.REMOVE, [7, 5]),
        ("4-6", Action.REMOVE, [4, 5, 6]),
        ("first", Action.ADD, "first"),
        (-1, Action.ADD, "first"),
        ("-1", Action.REMOVE, "highest"),
        ("4095", Action.ADD, [4095]),
        ("all", Action.SYNC, "all"),
        ("8-11", Action.OFFLINE, [8, 9, 10, 11]),
    ],
)
def test_parse_vcpu_reads_what_people_write(raw, action, wanted):
    assert parse_vcpu(raw, action) == wanted


@pytest.mark.parametrize(
    "raw",
    [
        None,
        "",
        [],
        [""],
        "-5",
        -2,
        "4096",
        10**30,
        "9" * 5000,
        "five",
        "5,,6",
        "6-5",
        "5,5",
        "١",
        "5\n6",
        True,
        5.0,
        {},
    ],
)
def test_parse_vcpu_refuses_nonsense_with_a_sentence(raw):
    with pytest.raises(RequestRefused) as refused:
        parse_vcpu(raw, Action.ADD)
    assert refused.value.code is Reason.INVALID_REQUEST
    assert refused.value.http_status == 400
    assert refused.value.message.endswith(".")


@pytest.mark.parametrize(
    ("raw", "action"),
    [
        ("highest", Action.ADD),
        ("first", Action.REMOVE),
        (-1, Action.SYNC),
        ("first", Action.ONLINE),
        ("all", Action.REMOVE),
    ],
)
def test_a_word_goes_with_its_action_only(raw, action):
    with pytest.raises(RequestRefused):
        parse_vcpu(raw, action)


@given(st.text(max_size=30))
def test_any_text_is_either_read_or_refused(text):
    try:
        wanted = parse_vcpu(text, Action.ADD)
    except RequestRefused:
        return
    assert wanted == "first" or all(0 <= vcpu < 4096 for vcpu in wanted)


def test_parse_choice_names_the_choices():
    assert parse_choice("both", Affect, "side") is Affect.BOTH
    with pytest.raises(RequestRefused, match="current, live, config, both"):
        parse_choice("sideways", Affect, "side")


@pytest.mark.parametrize(
    ("action", "taken"),
    [
        ("add", "current live config both"),
        ("remove", "current live config both"),
        ("make-removable", "current config"),
        ("make_removable", "current config"),
        ("online", "current live"),
        ("offline", "current live"),
        ("sync", "live config"),
    ],
)
def test_action_takes_the_sides_that_it_can_change(action, taken):
    for affect in Affect:
        asked = {"action": action, "affect": str(affect), "vcpu": "5"}
        if affect in taken.split():
            assert parse_change(asked).affect is affect
        else:
            with pytest.raises(RequestRefused, match="is not for it"):
                parse_change(asked)


def test_long_note_is_refused_and_not_cut():
    assert parse_note("  why ") == "why"
    with pytest.raises(RequestRefused, match="2001 characters"):
        parse_note("x" * 2001)


def test_parse_expect_takes_one_id_or_none():
    assert parse_expect("") is None
    assert parse_expect("5") == 5
    with pytest.raises(RequestRefused):
        parse_expect("5-6")
