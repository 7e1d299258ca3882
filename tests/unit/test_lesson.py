"""The fold: which write wins, what a clear takes away, and what has changed since when."""

from collections.abc import Sequence

import pytest

from app.core.lesson import NULL, START, Cover, Lesson, Position, Register, Write
from app.core.stamp import Stamp


def write(key: str, ms: int, raw: str = "1", mark: int = 0) -> Write:
    """A write with a stamp that is told by one number."""
    return Write(key, Stamp(ms, 0, "a"), raw, mark)


def fold(*writes: Write) -> Lesson:
    """Each write in a request of its own, at positions 1, 2, 3, ..."""
    lesson = Lesson()
    for number, each in enumerate(writes, 1):
        lesson.apply(Position(number, 0), [each])
    return lesson


def short(lesson: Lesson) -> dict[str, tuple[int, str, int]]:
    """Key -> stamp, value, position, each told by what differs."""
    return {each.key: (each.stamp.ms, each.raw, each.position.ms) for each in lesson}


S, T, PIECE, CLEAR = "ink/p/s", "ink/p/t", "ink/p/s/0", "ink/p/"


@pytest.mark.parametrize(
    ("writes", "kept"),
    [
        pytest.param([write("slide", 1)], {"slide": (1, "1", 1)}, id="the first"),
        pytest.param(
            [write("slide", 1), write("slide", 2, "2")], {"slide": (2, "2", 2)}, id="a newer one wins"
        ),
        pytest.param(
            [write("slide", 2), write("slide", 1, "2")], {"slide": (2, "1", 1)}, id="an older one comes late"
        ),
        pytest.param(
            [write("slide", 1), write("slide", 1, "2")],
            {"slide": (1, "1", 1)},
            id="an equal stamp does not win",
        ),
        pytest.param([write(S, 1), write(S, 2, NULL)], {S: (2, NULL, 2)}, id="a deletion is kept"),
        pytest.param([write(S, 2, NULL), write(S, 1)], {S: (2, NULL, 1)}, id="and keeps out what is older"),
        pytest.param([write(S, 2, NULL), write(S, 3)], {S: (3, "1", 2)}, id="but not what is newer"),
        pytest.param(
            [write(S, 1), write(CLEAR, 2, NULL)], {CLEAR: (2, NULL, 2)}, id="a clear takes what is older"
        ),
        pytest.param(
            [write(S, 3), write(CLEAR, 2, NULL)],
            {CLEAR: (2, NULL, 0), S: (3, "1", 1)},
            id="what is newer survives, and the clear is not told",
        ),
        pytest.param(
            [write(S, 2), write(CLEAR, 2, NULL)],
            {CLEAR: (2, NULL, 0), S: (2, "1", 1)},
            id="so does an equal stamp",
        ),
        pytest.param(
            [write(CLEAR, 2, NULL), write(S, 1)],
            {CLEAR: (2, NULL, 1)},
            id="an older stroke that comes late is gone",
        ),
        pytest.param(
            [write(CLEAR, 2, NULL), write(S, 2)],
            {CLEAR: (2, NULL, 1), S: (2, "1", 2)},
            id="an equal one is not",
        ),
        pytest.param(
            [write(CLEAR, 2, NULL), write(PIECE, 1)],
            {CLEAR: (2, NULL, 1)},
            id="pieces of strokes are below too",
        ),
        pytest.param(
            [write(S, 1), write("ink/p/s/", 2, NULL)],
            {S: (1, "1", 2)},
            id="a stroke is not below itself, and has the clear below it as its cover",
        ),
        pytest.param(
            [write("ink/p/s/", 2, NULL), write(S, 1), write(PIECE, 1)],
            {S: (1, "1", 2)},
            id="whichever comes first",
        ),
        pytest.param(
            [write(S, 1), write("ink/p/s/", 2, NULL), write(PIECE, 2), write("ink/p/s/", 1, NULL)],
            {S: (1, "1", 2), PIECE: (2, "1", 3)},
            id="an older cover does not win",
        ),
        pytest.param(
            [write(S, 1), write("ink/p/s/", 3, NULL), write(CLEAR, 2, NULL), write(PIECE, 2)],
            {CLEAR: (2, NULL, 0), S: (1, NULL, 3)},
            id="a cover outlives its register",
        ),
        pytest.param(
            [write(S, 1), write("ink/p/s/", 2, NULL), write(CLEAR, 3, NULL), write(PIECE, 2)],
            {CLEAR: (3, NULL, 3)},
            id="a wider clear takes both",
        ),
        pytest.param(
            [write(S, 1), write(T, 3), write(CLEAR, 2, NULL), write(CLEAR, 4, NULL)],
            {CLEAR: (4, NULL, 4)},
            id="what a quiet clear left goes with the next that nothing survives",
        ),
        pytest.param(
            [write(S, 1), write(CLEAR, 2, NULL), write(T, 4), write(S, 3), write(CLEAR, 4, NULL)],
            {CLEAR: (4, NULL, 2), S: (3, NULL, 5), T: (4, "1", 3)},
            id="a clear that was told keeps its position when a quiet one comes",
        ),
        pytest.param(
            [write(CLEAR, 1, NULL), write("ink/", 2, NULL)],
            {"ink/": (2, NULL, 2)},
            id="a wider clear stands for a narrower",
        ),
        pytest.param(
            [write("ink/", 2, NULL), write(CLEAR, 1, NULL)], {"ink/": (2, NULL, 1)}, id="and keeps it out"
        ),
        pytest.param(
            [write(CLEAR, 3, NULL), write("ink/", 2, NULL), write(S, 2)],
            {CLEAR: (3, NULL, 1), "ink/": (2, NULL, 0)},
            id="a narrower, newer clear goes on",
        ),
        pytest.param(
            [write(S, 1), write("ink/q/", 2, NULL)],
            {S: (1, "1", 1), "ink/q/": (2, NULL, 2)},
            id="another page's clear",
        ),
        pytest.param(
            [write(S, 1), write(T, 2), write(CLEAR, 2, NULL)],
            {CLEAR: (2, NULL, 0), S: (1, NULL, 3), T: (2, "1", 2)},
            id="one goes, one stays",
        ),
        pytest.param(
            [write("pointer", 1, '{"x":1}')], {"pointer": (1, NULL, 1)}, id="the pointer's value is not kept"
        ),
    ],
)
def test_which_write_wins(writes: Sequence[Write], kept: dict[str, tuple[int, str, int]]) -> None:
    """In the order given; where the order must not matter, the property tests turn it round."""
    assert short(fold(*writes)) == kept


def test_applying_says_what_was_applied() -> None:
    """One answer a write, and the lesson is at the entry's position."""
    lesson = Lesson()
    request = [write(S, 2), write(S, 1), write(CLEAR, 3, NULL), write(S, 2), write(T, 4)]
    assert lesson.apply(Position(7, 1), request) == [True, False, True, False, True]
    assert lesson.position == Position(7, 1)
    assert len(lesson) == 2


def test_an_entry_that_was_known_moves_nothing_back() -> None:
    """A tail that begins before the snapshot it was loaded with is harmless."""
    lesson = fold(write("slide", 1), write("slide", 2))
    before = list(lesson)
    assert lesson.apply(Position(1, 0), [write("slide", 1)]) == [False]
    assert (list(lesson), lesson.position) == (before, Position(2, 0))


def test_marks_only_rise() -> None:
    """What has been seen stays seen, until a clear ends the register."""
    lesson = fold(write("poll/x", 1, mark=2), write("poll/x", 2, mark=0))
    assert [register.mark for register in lesson] == [2]
    lesson.apply(Position(9, 0), [write("poll/", 3, NULL), write("poll/x", 4, mark=1)])
    assert [(register.key, register.mark) for register in lesson] == [("poll/", 0), ("poll/x", 1)]


def test_changed_since() -> None:
    """Registers whose last change is later, by key; not the survivors of a clear, which is not told then."""
    lesson = fold(write("slide", 1), write(T, 9), write(S, 2), write(CLEAR, 3, NULL), write("screen", 1))
    keys = [[register.key for register in lesson.changed(Position(since, 0))] for since in range(6)]
    assert keys == [
        [S, T, "screen", "slide"],
        [S, T, "screen"],
        [S, "screen"],
        [S, "screen"],
        ["screen"],
        [],
    ]
    assert lesson.changed(START) == [each for each in sorted(lesson) if each.key != CLEAR]


def test_below_a_prefix() -> None:
    """Everything under it by key, tombstones and narrower clears included; nothing of another page."""
    lesson = fold(
        write(T, 1), write(S, 2, NULL), write(PIECE, 3), write("ink/p/u/", 1, NULL), write("ink/q/s", 1)
    )
    assert [register.key for register in lesson.below(CLEAR)] == [S, PIECE, T, "ink/p/u/"]
    assert [register.key for register in lesson.below("ink/p/s/")] == [PIECE]
    assert [lesson.below(prefix) for prefix in ("ink/r/", "ink/p/s", "poll/")] == [[], [], []]


def test_a_lesson_is_made_of_what_a_store_kept() -> None:
    """Registers in any order, with their positions and marks, and the lesson's position."""
    kept = [
        Register("slide", Stamp(2, 0, "a"), "1", 0, Position(5, 0)),
        Register("poll/x", Stamp(1, 0, "a"), "2", 2, Position(3, 0)),
    ]
    lesson = Lesson(kept, Position(8, 0))
    assert lesson.position == Position(8, 0)
    assert lesson.get("poll/x") == kept[1]
    assert lesson.get("poll/y") is None
    assert lesson.changed(Position(4, 0)) == [kept[0]]
    assert lesson.below("poll/") == [kept[1]]


def test_a_lesson_of_earlier_days() -> None:
    """A store kept the clear below a register beside it: it is the register's cover now, at the later of both positions."""
    stroke = Register(S, Stamp(1, 0, "a"), "1", 0, Position(3, 0))
    clear = Register("ink/p/s/", Stamp(2, 0, "a"), NULL, 0, Position(5, 0))
    for kept in ([stroke, clear], [clear, stroke]):
        lesson = Lesson(kept, Position(5, 0))
        cover = Cover(Stamp(2, 0, "a"), Position(5, 0))
        assert list(lesson) == [stroke._replace(position=Position(5, 0), cover=cover)]
        assert lesson.apply(Position(6, 0), [write(PIECE, 1), write(PIECE, 2)]) == [False, True]
