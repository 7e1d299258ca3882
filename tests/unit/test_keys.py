"""Keys: their form, who may write them, and which prefixes cover them."""

import pytest

from app.core.keys import Writer, family, is_prefix, known, names_page, prefixes, well_formed


@pytest.mark.parametrize(
    "key",
    ["slide", "deck/d7f3k2", "ink/d7f3k2-3/s17", "ink/d7f3k2-3/s17/0", "ink/", "ink/a_B-9/", "a/" + "x" * 40],
)
def test_a_key_has_a_form(key: str) -> None:
    """A family in small letters, and up to three segments."""
    assert well_formed(key)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/",
        "Slide",
        "slide1",
        "ink//s",
        "ink/a//",
        "/ink",
        "ink/a/b/c/d",
        "ink/é",
        "ink/a b",
        'ink/a"',
        "ink/a.b",
        "ink/a\n",
        "slide\n",
        "a/" + "x" * 41,
    ],
)
def test_other_text_is_no_key(key: str) -> None:
    """Nothing that would need quoting in JSON or in a feed."""
    assert not well_formed(key)


TEACHER = {
    "slide",
    "pages",
    "screen",
    "pointer",
    "timer",
    "ink/p/s",
    "ink/p/s/0",
    "ink/",
    "ink/p/",
    "ink/p/s/",
    "poll/x",
    "poll/",
    "notes/p",
    "notes/",
}
SERVER = {"deck/d", "tally/x", "audience"}
INTERNAL = {"lesson", "shown/p", "keyring/k"}
NOBODY = {
    "slide/",
    "slide/a",
    "pointer/",
    "ink",
    "ink/p",
    "poll",
    "poll/x/",
    "poll/x/y",
    "notes/p/",
    "deck/",
    "deck/d/",
    "tally/",
    "audience/",
    "lesson/",
    "shown/",
    "keyring/",
    "chat",
    "chat/x",
}


@pytest.mark.parametrize("key", sorted(TEACHER | SERVER | INTERNAL | NOBODY))
def test_who_may_write_a_key(key: str) -> None:
    """Each key has one writer, or none."""
    assert well_formed(key)
    assert known(key, Writer.TEACHER) == (key in TEACHER)
    assert known(key, Writer.SERVER) == (key in SERVER)
    assert known(key, Writer.INTERNAL) == (key in INTERNAL)


@pytest.mark.parametrize(
    ("key", "covered"),
    [
        ("slide", []),
        ("poll/x", ["poll/"]),
        ("poll/", []),
        ("ink/p/s", ["ink/", "ink/p/"]),
        ("ink/p/s/", ["ink/", "ink/p/"]),
        ("ink/p/s/0", ["ink/", "ink/p/", "ink/p/s/"]),
    ],
)
def test_prefixes_that_cover_a_key(key: str, covered: list[str]) -> None:
    """All above it, widest first, never itself."""
    assert prefixes(key) == covered
    assert all(is_prefix(prefix) for prefix in covered)


def test_family_is_the_first_segment() -> None:
    """Of a register and of a prefix."""
    assert [family(key) for key in ("slide", "ink/p/s", "ink/")] == ["slide", "ink", "ink"]


@pytest.mark.parametrize(
    ("key", "right"),
    [
        ("ink/", True),
        ("ink/d7f3k2-3/", True),
        ("ink/d7f3k2-3/s17/0", True),
        ("notes/blank-1", True),
        ("poll/p1", True),
        ("slide", True),
        ("ink/p/s", False),
        ("ink/p/", False),
        ("ink/blank-0/s", False),
        ("ink/blank-01/s", False),
        ("ink/BLANK-1/s", False),
        ("notes/blank", False),
    ],
)
def test_a_page_in_a_key_is_one_that_a_slide_can_have(key: str, *, right: bool) -> None:
    """Ink and notes elsewhere could never be shown."""
    assert names_page(key) is right
