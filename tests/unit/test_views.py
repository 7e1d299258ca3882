"""What a cursor is answered with: just what changed, or everything where that is no more; and how often it is encoded."""

import json
from typing import Any

import pytest

from app.core.audience import Audience
from app.core.lesson import Lesson, Position, Write
from app.core.stamp import Stamp
from app.feed.views import SMALL, Document, Views

STROKES = 400
RAW = '{"tool":"pen","color":"#0072b2","width":24,"points":[' + ",".join(["5,-5"] * 20) + "]}"
BOTH = pytest.mark.parametrize("audience", list(Audience))


class Lecture:
    """A lesson that is written to, one entry after the other, and its views."""

    def __init__(self) -> None:
        self.lesson = Lesson()
        self.write("lesson", '{"title":"","created":1,"status":"live"}')
        self.views = Views(self.lesson, "5f3a91c2")

    def write(self, *pairs: str) -> Position:
        """One entry; where it stands."""
        at = Position(self.lesson.position.ms + 1_000, 0)
        writes = zip(pairs[::2], pairs[1::2], strict=True)
        self.lesson.apply(at, [Write(key, Stamp(at.ms, 0, "w"), raw) for key, raw in writes])
        return at

    def draw(self, page: str, strokes: int = STROKES) -> list[Position]:
        """Strokes on a page, an entry each."""
        return [self.write(f"ink/{page}/s{number}", RAW) for number in range(strokes)]

    def turn(self, page: str) -> Position:
        """Show a page."""
        return self.write("slide", json.dumps({"page": page}))


def told(document: Document) -> dict[str, Any]:
    """A document's JSON."""
    found: dict[str, Any] = json.loads(document.body)
    return found


@BOTH
def test_a_cursor_gets_just_what_changed(audience: Audience) -> None:
    """As long as that is less than everything."""
    lecture = Lecture()
    lecture.turn("blank-1")
    places = lecture.draw("blank-1")
    answer = told(lecture.views.document(audience, places[9]))
    assert "reset" not in answer
    strokes = {key for key, _ in answer["writes"]} - {"audience"}
    assert strokes == {f"ink/blank-1/s{number}" for number in range(10, STROKES)}


@BOTH
def test_more_changes_than_a_snapshot_has_are_a_snapshot(audience: Audience) -> None:
    """Ink on pages that nobody looks at any more: one who comes back needs none of it."""
    lecture = Lecture()
    before = lecture.turn("blank-1")
    lecture.draw("blank-1")
    lecture.turn("blank-2")
    assert lecture.views.document(audience, before) is lecture.views.document(audience, None)
    assert lecture.views.frame(audience, before) is lecture.views.frame(audience, None)
    assert told(lecture.views.document(audience, before))["reset"] is True


@BOTH
def test_fewer_and_larger_changes_than_a_snapshot_are_a_snapshot(audience: Audience) -> None:
    """It is bytes that count: large strokes elsewhere, beside many small registers that did not change."""
    lecture = Lecture()
    lecture.turn("blank-1")
    before = lecture.write(*(part for number in range(100) for part in (f"poll/p{number}", "null")))
    large = json.dumps({**json.loads(RAW), "points": [5] * 2_000})
    for number in range(20):
        lecture.write(f"ink/blank-2/s{number}", large)
    assert lecture.views.document(audience, before) is lecture.views.document(audience, None)


def test_a_small_change_is_told_as_it_is() -> None:
    """Whatever a snapshot has: a client that wants just the changes gets them."""
    lecture = Lecture()
    before = lecture.turn("blank-1")
    after = lecture.draw("blank-2", 20)[-1]
    assert 20 * len(RAW) < SMALL
    answer = told(lecture.views.document(Audience.VIEWER, before))
    assert "reset" not in answer
    assert len(answer["writes"]) == 20
    assert told(lecture.views.document(Audience.VIEWER, after))["writes"] == []


def test_what_a_viewer_does_not_see_does_not_count_for_one() -> None:
    """A teacher's long notes are no reason to tell a viewer everything."""
    lecture = Lecture()
    lecture.turn("blank-1")
    before = lecture.draw("blank-1", 100)[-1]
    text = json.dumps({"text": "x" * 20_000})
    lecture.write(*(part for number in range(1, 9) for part in (f"notes/blank-{number}", text)))
    lecture.write("screen", '{"mode":"black"}')
    assert told(lecture.views.document(Audience.VIEWER, before))["writes"] == [["screen", {"mode": "black"}]]


def test_cursors_between_which_nothing_changed_are_one() -> None:
    """However many a stranger makes up: each is answered with the very same bytes."""
    lecture = Lecture()
    lecture.turn("blank-1")
    places = lecture.draw("blank-1", 10)
    made_up = [Position(places[4].ms + ms, seq) for ms in range(0, 1_000, 3) for seq in (0, 7)]
    texts = {id(lecture.views.document(Audience.VIEWER, since)) for since in made_up}
    assert len(texts) == 1
    assert len({id(lecture.views.frame(Audience.VIEWER, since)) for since in made_up}) == 1


def test_a_change_is_seen_at_once() -> None:
    """What was kept of the position before is not told any more."""
    lecture = Lecture()
    before = lecture.turn("blank-1")
    assert told(lecture.views.document(Audience.VIEWER, before))["writes"] == []
    lecture.write("screen", '{"mode":"white"}')
    assert told(lecture.views.document(Audience.VIEWER, before))["writes"] == [["screen", {"mode": "white"}]]
    assert [
        write
        for write in told(lecture.views.document(Audience.VIEWER, None))["writes"]
        if write[0] == "screen"
    ] == [["screen", {"mode": "white"}]]
