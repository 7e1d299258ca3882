"""What viewers and teachers are told, for each kind of register and each turn of a poll."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from app.core.audience import Audience, changes, encode, ink, page, snapshot
from app.core.lesson import NULL, START, Lesson, Position, Write
from app.core.poll import mark
from app.core.stamp import Stamp

VIEWER, TEACHER = Audience.VIEWER, Audience.TEACHER


def poll(status: str, *, reveal: bool = False) -> str:
    """A poll with a correct answer."""
    value = {"question": "é?", "options": ["a", "b"], "status": status, "reveal": reveal, "correct": [1]}
    return json.dumps(value, ensure_ascii=False)


def shown(status: str) -> str:
    """What viewers see of it before it is revealed."""
    return f'{{"question":"é?","options":["a","b"],"status":"{status}","reveal":false}}'


TALLY = '{"counts":[1,0],"voters":1}'


class Story:
    """Writes at positions and stamps 1, 2, 3, ...; deletions are None."""

    def __init__(self, *writes: tuple[str, str | None]) -> None:
        self.lesson = Lesson()
        self.number = 0
        self.then(*writes)

    def then(self, *writes: tuple[str, str | None]) -> None:
        """More of them."""
        for key, raw in writes:
            self.number += 1
            text = raw or NULL
            stamp = Stamp(self.number, 0, "a")
            self.lesson.apply(Position(self.number, 0), [Write(key, stamp, text, mark(key, text))])

    def since(self, number: int, audience: Audience) -> dict[str, str]:
        """What has changed since the write of that number."""
        return changes(self.lesson, audience, Position(number, 0))


@pytest.mark.parametrize(
    ("key", "raw", "viewers", "teachers"),
    [
        ("slide", '{"page":"a-1"}', True, True),
        ("pages", '{"order":["a-1"]}', True, True),
        ("screen", '{"mode":"black"}', True, True),
        ("timer", '{"ends":5}', True, True),
        ("deck/d", '{"name":"d"}', True, True),
        ("poll/x", poll("open", reveal=True), True, True),
        ("poll/x", poll("draft"), False, True),
        ("poll/x", poll("draft", reveal=True), False, True),
        ("notes/a-1", '{"text":"t"}', False, True),
        ("audience", '{"viewers":3}', False, True),
        ("lesson", '{"title":"t"}', False, False),
        ("shown/d", "7", False, False),
        ("keyring/k", '{"hash":"h"}', False, False),
    ],
)
def test_who_sees_a_register(key: str, raw: str, *, viewers: bool, teachers: bool) -> None:
    """In a snapshot and as a change, as it is."""
    story = Story((key, raw))
    for audience, sees in ((VIEWER, viewers), (TEACHER, teachers)):
        expected = {key: raw} if sees else {}
        assert snapshot(story.lesson, audience) == story.since(0, audience) == expected


@pytest.mark.parametrize(
    ("polls", "told"),
    [
        pytest.param([poll("draft")], None, id="a draft is not told"),
        pytest.param([poll("draft"), None], None, id="nor is its end"),
        pytest.param([poll("open")], shown("open"), id="an open one without the answer"),
        pytest.param([poll("closed")], shown("closed"), id="a closed one too"),
        pytest.param(
            [poll("closed", reveal=True)], poll("closed", reveal=True), id="with it once it is revealed"
        ),
        pytest.param(
            [poll("closed", reveal=True), poll("closed")], shown("closed"), id="hidden again, without it"
        ),
        pytest.param([poll("open"), poll("draft")], NULL, id="a draft again, gone"),
        pytest.param(
            [poll("open"), poll("draft"), poll("draft", reveal=True)], NULL, id="however often it is edited"
        ),
        pytest.param([poll("open"), None], NULL, id="deleted, gone"),
        pytest.param([poll("draft"), poll("open")], shown("open"), id="from draft to open"),
    ],
)
def test_a_poll_as_viewers_see_it(polls: Sequence[str | None], told: str | None) -> None:
    """After each turn; a teacher is told all of it."""
    story = Story(*(("poll/x", each) for each in polls))
    assert story.since(0, VIEWER) == ({} if told is None else {"poll/x": told})
    assert snapshot(story.lesson, VIEWER) == ({"poll/x": told} if told and told != NULL else {})
    assert story.since(0, TEACHER) == {"poll/x": polls[-1] or NULL}


@pytest.mark.parametrize(
    ("last", "viewers", "teachers"),
    [
        pytest.param(poll("draft"), None, TALLY, id="of a draft"),
        pytest.param(poll("open"), None, TALLY, id="of a poll that is not revealed"),
        pytest.param(poll("open", reveal=True), TALLY, TALLY, id="of one that is"),
        pytest.param(None, None, NULL, id="of one that is gone"),
    ],
)
def test_a_tally_as_audiences_see_it(last: str | None, viewers: str | None, teachers: str) -> None:
    """Viewers while the poll is revealed, teachers as long as there is a poll; a change of either tells both."""
    story = Story(("poll/x", poll("open")), ("tally/x", TALLY), ("poll/x", last))
    assert story.since(2, VIEWER).get("tally/x") == viewers
    assert story.since(2, TEACHER)["tally/x"] == teachers
    story.then(("tally/x", TALLY))
    assert story.since(3, VIEWER) == ({} if viewers is None else {"tally/x": viewers})
    assert story.since(3, TEACHER) == {"tally/x": teachers}


@pytest.mark.parametrize("last", [poll("closed"), poll("draft"), None])
def test_a_tally_that_was_revealed_is_taken_back(last: str | None) -> None:
    """Hidden, drafted or deleted: the tally goes with it."""
    story = Story(("poll/x", poll("open", reveal=True)), ("tally/x", TALLY), ("poll/x", last))
    assert story.since(2, VIEWER)["tally/x"] == NULL
    assert "tally/x" not in snapshot(story.lesson, VIEWER)


def test_clearing_all_polls_takes_their_tallies() -> None:
    """For both audiences; a poll asked again brings its tally back."""
    story = Story(("poll/x", poll("open", reveal=True)), ("tally/x", TALLY), ("poll/", None))
    assert story.since(2, VIEWER) == story.since(2, TEACHER) == {"poll/": NULL, "tally/": NULL}
    assert snapshot(story.lesson, VIEWER) == snapshot(story.lesson, TEACHER) == {}
    again = poll("open", reveal=True)
    story.then(("poll/x", again))
    assert story.since(3, VIEWER) == {"poll/x": again, "tally/x": TALLY}
    assert story.since(2, VIEWER) == {"poll/": NULL, "tally/": NULL, "poll/x": again, "tally/x": TALLY}


def test_a_slide_brings_its_ink() -> None:
    """Strokes of the new page, whenever they were drawn; deleted ones are not brought."""
    story = Story(
        ("slide", '{"page":"a-1"}'),
        ("ink/a-1/s", "1"),
        ("ink/b-1/s", "2"),
        ("ink/b-1/t", "3"),
        ("ink/b-1/t", None),
    )
    assert page(story.lesson) == "a-1"
    assert snapshot(story.lesson, VIEWER) == {"slide": '{"page":"a-1"}', "ink/a-1/s": "1"}
    story.then(("slide", '{"page":"b-1"}'))
    assert story.since(5, VIEWER) == {"slide": '{"page":"b-1"}', "ink/b-1/s": "2"}
    assert snapshot(story.lesson, VIEWER) == {"slide": '{"page":"b-1"}', "ink/b-1/s": "2"}
    assert ink(story.lesson, "a-1") == {"ink/a-1/s": "1"}


@pytest.mark.parametrize("slide", [[], [("slide", None)]])
def test_without_a_slide_there_is_no_page(slide: list[tuple[str, str | None]]) -> None:
    """Before the first, and after it was deleted: no ink in a snapshot."""
    story = Story(("ink/a-1/s", "1"), *slide)
    assert page(story.lesson) is None
    assert snapshot(story.lesson, TEACHER) == {}


def test_the_pointer_is_told_to_nobody_who_was_not_there() -> None:
    """One who catches up is told that there is none."""
    story = Story(("pointer", '{"page":"a-1","x":1,"y":2}'))
    assert snapshot(story.lesson, VIEWER) == {}
    assert story.since(0, VIEWER) == {"pointer": NULL}


def test_clears_come_first() -> None:
    """A client that applies an event in order deletes before it sets."""
    told: dict[str, Any] = {"slide": "1", "ink/p/s": "2", "ink/p/": NULL, "poll/": NULL, "a": "3"}
    assert encode(told, reset=False) == (
        '{"writes":[["ink/p/",null],["poll/",null],["a",3],["ink/p/s",2],["slide",1]]}'
    )
    assert encode({}, reset=True) == '{"reset":true,"writes":[]}'


def test_nothing_is_told_of_what_is_older() -> None:
    """`since` is the position of the last event, which the client has."""
    story = Story(("slide", '{"page":"a-1"}'), ("screen", '{"mode":"slide"}'))
    assert story.since(1, VIEWER) == {"screen": '{"mode":"slide"}'}
    assert story.since(2, VIEWER) == {}
    assert changes(Lesson(), VIEWER, START) == {}
