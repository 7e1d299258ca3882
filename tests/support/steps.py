"""Random programs for a store: requests with their clock, as data, and how to run one.

Rules: stamps come from a small pool around the clock, far-ahead ones among them, so that they tie, repeat and are pulled
back; texts hold what breaks encoders; the clock jumps, also backwards.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from app.core.keys import family, is_prefix
from app.core.lesson import NULL
from app.core.poll import mark
from app.core.stamp import COUNTER_MAX, Stamp
from app.store.contract import Change, Refused, Store
from tests.support.writes import INK, POLLS, REST, STROKE, WRITERS, polls

START_MS = 1_790_000_000_000
AHEAD = (-60_000, -1, 0, 1, 4_999, 5_000, 5_001, 5_002, 60_000, 10**13)

texts = st.one_of(
    st.sampled_from(("", "\0", "\r\n", "\u2028\u2029", "|", "%d%s", "é", "😀", '"\\/', "\x7f")),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)
# Teachers do not write tallies, but a store must not care.
keys = st.sampled_from((*INK, *POLLS, *REST)) | st.sampled_from(STROKE)
stamps = st.builds(
    Stamp,
    ms=st.sampled_from(AHEAD).map(START_MS.__add__),
    counter=st.sampled_from((0, 1, 2, COUNTER_MAX)),
    writer=st.sampled_from((*WRITERS, "server")),
)


@st.composite
def changes(draw: st.DrawFn, among_keys: Sequence[str], among_stamps: Sequence[Stamp]) -> Change:
    """One register to set."""
    key = draw(st.sampled_from(among_keys))
    stamp = draw(st.sampled_from([*among_stamps, None]))
    if is_prefix(key) or draw(st.integers(0, 5)) == 0:
        return Change(key, NULL, stamp)
    if family(key) == "poll":
        raw = draw(polls(draw(texts)))
        return Change(key, raw, stamp, mark(key, raw))
    raw = json.dumps({"text": draw(texts)}, ensure_ascii=draw(st.booleans()))
    return Change(key, raw, stamp)


@dataclass(frozen=True)
class Write:
    """Set registers."""

    changes: Sequence[Change]
    end: bool = False

    async def run(self, store: Store, lesson: str, now: int) -> object:
        """What the store answers, refusals included."""
        try:
            return await store.write(lesson, self.changes, now, end=self.end)
        except Refused as refused:
            return refused.reason


@dataclass(frozen=True)
class Create:
    """Make the lesson again."""

    async def run(self, store: Store, lesson: str, now: int) -> object:
        """It is taken."""
        return await store.create(lesson, [Change("lesson", "{}")], now)


@dataclass(frozen=True)
class Vote:
    """Vote in a poll, which may not exist."""

    poll: str
    voter: str
    choices: Sequence[int]

    async def run(self, store: Store, lesson: str, now: int) -> object:
        """A refusal, or whether the tally is due later; when, is a matter of real time."""
        due = await store.vote(lesson, self.poll, self.voter, self.choices, now)
        return due > 0 if isinstance(due, int) else due


@dataclass(frozen=True)
class Publish:
    """Publish the tallies that may be due."""

    async def run(self, store: Store, lesson: str, now: int) -> object:
        """Whether one is due later."""
        return await store.publish(lesson, now) > 0


open_poll = json.dumps({"question": "?", "options": ["a", "b", "c"], "multiple": True, "status": "open"})
first_steps = st.sampled_from(
    (
        Write([Change("slide", '{"page":"a-1"}')]),
        Write([Change("poll/x", open_poll, None, 1), Change("poll/y", open_poll, None, 1)]),
    )
)
names = st.sampled_from(("x", "x", "y", "none"))
choices = st.lists(st.integers(0, 2), min_size=1, max_size=2) | st.lists(st.integers(-1, 3), max_size=3)
delays = st.sampled_from((0, 0, 1, 100, 499, 500, 1_000, 6_000, -1, -3_000))


@st.composite
def programs(draw: st.DrawFn) -> list[tuple[int, Any]]:
    """Delays and steps over a few keys and a few stamps, which therefore meet again and again."""
    change = changes(
        draw(st.lists(keys, min_size=1, max_size=7)), draw(st.lists(stamps, min_size=1, max_size=5))
    )
    steps = st.one_of(
        st.builds(Write, st.lists(change, max_size=8)),
        st.builds(Write, st.lists(change, min_size=1, max_size=3)),
        st.builds(Vote, names, st.sampled_from("abc"), choices),
        st.builds(Publish),
        st.builds(Create),
    )
    end = st.builds(Write, st.lists(change, max_size=2), end=st.just(value=True))
    first = draw(st.tuples(delays, first_steps))
    rest = draw(st.lists(st.tuples(delays, steps), max_size=14))
    return [first, *rest, *draw(st.lists(st.tuples(delays, end | steps), max_size=3))]


async def run(store: Store, lesson: str, program: Sequence[tuple[int, Any]]) -> list[object]:
    """Creates the lesson and runs the steps; what the store answered to each."""
    now = START_MS
    answers: list[object] = [await store.create(lesson, [Change("lesson", '{"title":""}')], now)]
    for delay, step in program:
        now += delay
        answers.append(await step.run(store, lesson, now))
    return answers
