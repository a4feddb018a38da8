from __future__ import annotations

import pytest

from domains.push.board import MANY, ONCE, Board, Drawing, Heard

NEVER = Heard()


def drawing(
    fragments: dict[str, str], revision: int, heard: Heard = NEVER, *, newest: int = 0, batch: int = 1
):
    return Drawing(fragments, newest or revision, revision, batch, heard)


def looks(board: Board) -> dict[str, tuple[int, int]]:
    """Give the revision of each element's look and the batch in which it was last given."""
    return {element: (look.revision, look.batch) for element, look in board.looks.items()}


def test_a_board_knows_what_changed():
    board = Board()

    assert board.update(drawing({"a": "1", "b": "1"}, 5, batch=1)) == {"a", "b"}
    assert board.update(drawing({"a": "1", "b": "2"}, 6, Heard(ONCE, 6), batch=2)) == {"b"}
    assert looks(board) == {"a": (5, 2), "b": (6, 2)}
    assert (board.batch("a"), board.batch("other")) == (2, 0)


def test_priming_leaves_differences_that_are_yet_to_be_sent():
    board = Board()
    board.update(drawing({"a": "1"}, 5, batch=3))
    board.prime({"a": "2", "b": "1"}, 6)

    assert board.primed
    assert looks(board) == {"a": (5, 3), "b": (6, 0)}
    assert board.update(drawing({"a": "2", "b": "1"}, 7, Heard(ONCE, 7), batch=4)) == {"a"}


@pytest.mark.parametrize(
    ("heard", "newest", "revision"),
    [
        (Heard(ONCE, 9), 9, 5),  # one change, and that is drawn
        (NEVER, 5, 5),  # drawn once more for somebody who came
        (Heard(MANY, 9), 9, 10),  # there and back is two
        (Heard(ONCE, 9).and_then(Heard(ONCE, 8)), 9, 10),
        (Heard(ONCE, 8), 9, 10),  # drawn before the second was heard of
        (NEVER, 9, 10),
    ],
)
def test_what_may_have_looked_otherwise_in_between_counts_as_new(heard, newest, revision):
    board = Board()
    board.update(drawing({"a": "1"}, 5))

    assert board.update(drawing({"a": "1"}, 10, heard, newest=newest)) == set()
    assert board.looks["a"].revision == revision
