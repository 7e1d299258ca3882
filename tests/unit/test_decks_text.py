"""Names and page texts are safe to store, log and show, whatever the file says."""

import unicodedata

import pytest
from hypothesis import given, strategies as st

from app.decks.text import clean, clean_name


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Decision trees", "Decision trees"),
        ("one\r\ntwo\rthree\nfour", "one\ntwo\nthree\nfour"),
        ("a\x00b\x07c\x1b[31m", "abc[31m"),
        ("tab\there", "tab here"),
        ("soft\ufffehyphen", "softhyphen"),
        ("half \ud800 a pair", "half  a pair"),
        ("fdp.\u202excod", "fdp.xcod"),
        ("Grüße, 数学, 👩\u200d🏫", "Grüße, 数学, 👩\u200d🏫"),
        ("\n\n  \n", ""),
    ],
)
def test_a_text_keeps_what_can_be_read(raw: str, shown: str) -> None:
    """Lines stay lines; controls, lone surrogates and direction overrides go."""
    assert clean(raw, 1000) == shown


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("week 3.pdf", "week 3.pdf"),
        ("  two\nlines\t ", "two lines"),
        ("", "Slides"),
        ("\x00\n\u202e", "Slides"),
        ("x" * 500, "x" * 120),
        ("x" * 119 + " yz", "x" * 119),
    ],
)
def test_a_name_is_one_line_and_never_empty(raw: str, shown: str) -> None:
    """It stands in a register that every viewer gets."""
    assert clean_name(raw, 120) == shown


@given(st.text(st.characters()), st.integers(1, 50))
def test_nothing_unsafe_survives(raw: str, limit: int) -> None:
    """Within the bound, encodable, and cleaning twice changes nothing."""
    text = clean(raw, limit)
    assert len(text) <= limit
    text.encode()
    assert not {unicodedata.category(character) for character in text.replace("\n", "")} & {
        "Cc",
        "Cs",
        "Cn",
        "Co",
    }
    assert clean(text, limit) == text
    assert "\n" not in clean_name(raw, limit)
