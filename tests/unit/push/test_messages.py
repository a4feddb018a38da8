from __future__ import annotations

import pytest

from domains.push.client import PENDING, Client, Progress, as_message, as_position


def make_client(progress: Progress | None = None) -> Client:
    return Client("s", None, frozenset({"fleet"}), progress or Progress(), first=1, opened=0.0, ready=0)


@pytest.mark.parametrize("html", ["a\nb", "a\r\nb", "a\rb", "a\n\nb"])
def test_a_message_never_ends_before_its_data_does(html):
    message = as_message("slot-5", html)

    assert b"\r" not in message
    assert all(line.startswith(b"data: ") for line in message.splitlines())


def test_a_message_keeps_what_is_no_line_end_to_a_browser():
    assert "a\u2028\x0bb".encode() in as_message("slot-5", "a\u2028\x0bb")


def test_a_message_names_its_target_safely():
    assert b'hx-target="#a&quot;&gt;b"' in as_message('a">b', "")


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("1-0", (1, 0)),
        ("1795415895476-12", (1795415895476, 12)),
        ("", None),
        ("5", None),
        ("-1", None),
        ("1-", None),
        ("1-2-3", None),
        ("١-0", None),
        ("1" * 30 + "-0", None),
        ("$", None),
    ],
)
def test_only_ids_of_the_stream_are_positions(text, position):
    assert as_position(text) == position


def test_later_states_of_an_element_replace_earlier_ones():
    client = make_client(Progress(batch=1, position=(7, 1)))
    client.push({"slot-1": b"data: old\n"})
    client.push({"slot-2": b"data: two\n"})
    client.push({"slot-1": b"data: new\n"})

    assert client.take() == b"data: new\ndata: two\nid: 7-1\n\n"


def test_the_cursor_is_sent_once_and_never_backwards():
    progress = Progress(batch=1, position=(7, 1))
    client = make_client(progress)

    assert client.take() == b": ping\nid: 7-1\n\n"
    assert client.take() == b": ping\n\n"
    progress.position = (6, 0)
    assert client.take() == b": ping\n\n"


def test_the_cursor_waits_until_what_was_missed_is_there():
    progress = Progress(batch=3, position=(7, 1))
    client = make_client(progress)
    client.ready = None
    assert client.take() == b": ping\n\n"
    client.ready = 4
    assert client.take() == b": ping\n\n"
    progress.batch = 4
    assert client.take() == b": ping\nid: 7-1\n\n"


def test_too_much_at_once_becomes_a_resync():
    client = make_client()
    for number in range(PENDING + 1):
        client.push({f"slot-{number}": b"data: x\n"})

    assert client.take() == b"event: resync\ndata: resync\n\n"
    assert client.take() == b": ping\n\n"
