"""Lesson codes, as made and as typed."""

from collections.abc import Sequence
from itertools import cycle

import pytest

from app.core.codes import ALPHABET, RESERVED, new_code, parse_code


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("k7p4qx", "k7p4qx"),
        ("K7P4QX", "k7p4qx"),
        ("K7P 4QX", "k7p4qx"),
        (" k7p-4qx ", "k7p4qx"),
        ("oil0il", "011011"),
        ("O-I-L-0-1-1", "011011"),
    ],
)
def test_people_type_codes_in_many_ways(typed: str, code: str) -> None:
    """Any case, spaces, hyphens, and letters that look like digits."""
    assert parse_code(typed) == code


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "k7p4q",
        "k7p4qxx",
        "k7p4qu",
        "k7p4q!",
        "k7p4q\n",
        "k7p4q\0",
        "k7p4qé",
        "٣٣٣٣٣٣",
        " " * 25 + "k7p4qx",
    ],
)
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    """Wrong length, a `u`, other signs, or far too long."""
    assert parse_code(typed) is None


def test_a_new_code_is_read_back() -> None:
    """Canonical, and different each time."""
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(parse_code(code) == code for code in codes)


def test_a_code_never_hides_an_address_of_the_server() -> None:
    """A reserved code is drawn again."""
    assert all(len(code) == 6 and set(code) <= set(ALPHABET) for code in RESERVED)
    letters = cycle("readyz" + "k7p4qx")

    def choose(alphabet: Sequence[str]) -> str:
        assert alphabet == ALPHABET
        return next(letters)

    assert new_code(choose) == "k7p4qx"
