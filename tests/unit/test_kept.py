"""Encoded texts are bounded by their bytes: a lesson's, and all lessons' of a process."""

from app.feed.kept import LESSON_BYTES, LESSON_TEXTS, Kept, Shelf


def filled(shelf: Shelf, *names: str, size: int, whole: bool = False) -> Kept[str]:
    """One lesson's texts, each under its own name."""
    kept: Kept[str] = Kept(shelf)
    for name in names:
        kept.put(name, name, size, whole=whole)
    return kept


def test_a_text_is_found_again() -> None:
    """Until everything is forgotten."""
    kept = filled(Shelf(), "a", size=1)
    assert kept.get("a") == "a"
    assert kept.get("b") is None
    kept.clear()
    assert kept.get("a") is None


def test_the_text_used_longest_ago_leaves() -> None:
    """When a lesson's texts are too many bytes together."""
    third = LESSON_BYTES // 3
    kept = filled(Shelf(), "a", "b", "c", size=third)
    assert kept.get("a")
    kept.put("d", "d", third, whole=False)
    assert [name for name in "abcd" if kept.get(name)] == ["a", "c", "d"]
    assert kept.bytes == 3 * third


def test_texts_are_bounded_in_number_too() -> None:
    """The smallest also cost something."""
    kept = filled(Shelf(), *map(str, range(LESSON_TEXTS + 1)), size=1)
    assert kept.get("0") is None
    assert kept.get("1")
    assert kept.bytes == LESSON_TEXTS


def test_a_text_that_is_too_large_is_not_kept() -> None:
    """And turns out nothing."""
    kept = filled(Shelf(), "a", size=1)
    kept.put("b", "b", LESSON_BYTES + 1, whole=False)
    assert kept.get("b") is None
    assert kept.get("a")


def test_snapshots_stay_whatever_else_comes() -> None:
    """Thousands share them; a stranger's cursors cannot turn them out."""
    kept = filled(Shelf(2 * LESSON_BYTES), "snapshot", size=LESSON_BYTES + 1, whole=True)
    for number in range(50):
        kept.put(number, "x", LESSON_BYTES // 2, whole=False)
    assert kept.get("snapshot")
    assert kept.bytes <= 2 * LESSON_BYTES + 1


def test_the_lesson_used_longest_ago_makes_room() -> None:
    """When a process keeps too many bytes; it loses all of its texts, and the sum is right again."""
    shelf = Shelf(30)
    first, second = (filled(shelf, "a", size=10, whole=True) for _ in range(2))
    assert first.get("a")
    third = filled(shelf, "a", "b", size=10, whole=True)
    assert (first.get("a"), second.get("a"), third.get("b")) == ("a", None, "b")
    assert shelf.bytes == 30


def test_the_newest_text_is_kept_however_large() -> None:
    """A snapshot beyond the bound is still encoded once and not for each of thousands."""
    shelf = Shelf(30)
    small = filled(shelf, "a", size=10)
    large = filled(shelf, "a", size=100, whole=True)
    assert (small.get("a"), large.get("a")) == (None, "a")
    assert shelf.bytes == 100
    large.clear()
    assert shelf.bytes == 0
