"""Cursors: their form, and the epochs they belong to."""

import pytest

from app.core.cursor import Cursor, lesson_epoch, parse_cursor
from app.core.lesson import Position


def test_a_cursor_is_read() -> None:
    """Epoch and position."""
    cursor = parse_cursor("5f3a91c2.1790000000123-0")
    assert cursor == Cursor("5f3a91c2", Position(1_790_000_000_123, 0))
    assert str(cursor) == "5f3a91c2.1790000000123-0"


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "0",
        "$",
        "5f3a91c2",
        "5f3a91c2.",
        "5f3a91c2.1790000000123",
        "5f3a91c2.1790000000123-",
        "5f3a91c2.-1-0",
        "5f3a91c2.1-0 ",
        "5f3a91c2.1-0\n",
        "5f3a91c2.1-0\0",
        "5F3A91C2.1-0",
        "5f3a91c.1-0",
        "5f3a91c22.1-0",
        "5f3a91c2.1000000000000000-0",
        "5f3a91c2.٣-0",
        "5f3a91c2.1-0,5f3a91c2.1-0",
    ],
)
def test_what_is_no_cursor_is_none(text: str | None) -> None:
    """Missing, malformed, or somebody else's."""
    assert parse_cursor(text) is None


def test_an_epoch_is_of_one_lesson_in_one_life_of_the_store() -> None:
    """The same for every process, another when anything of it is another."""
    epoch = lesson_epoch("5f", "k7p4qx", 17)
    assert epoch == lesson_epoch("5f", "k7p4qx", 17)
    others = [
        lesson_epoch("5e", "k7p4qx", 17),
        lesson_epoch("5f", "k7p4qy", 17),
        lesson_epoch("5f", "k7p4qx", 18),
    ]
    assert len({epoch, *others}) == 4
