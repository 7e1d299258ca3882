"""Audiences: what viewers and teachers are sent of a lesson, as the JSON of docs/PROTOCOL.md, section 7.

Rules:
- `snapshot` is everything an audience may see, with the ink of the current page only.
- `changes(since)` applied over what was true at `since` gives the snapshot: deletions are told to those
  who may have seen what is deleted, and to nobody else.
- Viewers never see a draft poll, a tally or `correct` before the poll's `reveal`, notes, or the audience's size.
- The clear below a register is told with it, to those who may have seen what it took.
- When `slide` moves, the ink of its page comes along; when a poll changes, so does the sight of its tally,
  which nobody sees without its poll.
- In one event clears come first, then the rest by key.
"""

import json
from collections.abc import Iterator, Mapping
from enum import Enum

from app.core.keys import OWN, family, is_prefix
from app.core.lesson import NULL, Lesson, Position, Register
from app.core.poll import REVEALED, SEEN, parse_poll

TEACHERS_ONLY = frozenset({"notes", "audience"})


class Audience(Enum):
    """Who a stream is for."""

    VIEWER = "viewer"
    TEACHER = "teacher"

    # Members are singletons. Enum's own hash is a Python function, called at every look into a crowd.
    __hash__ = object.__hash__


def page(lesson: Lesson) -> str | None:
    """The current page's id."""
    slide = lesson.get("slide")
    if slide is None or slide.raw == NULL:
        return None
    current: str = json.loads(slide.raw)["page"]
    return current


def _sight(lesson: Lesson, register: Register, audience: Audience) -> str | None:
    """What the audience is told of a register that changed: JSON text, `null`, or None for nothing."""
    name = family(register.key)
    if name in OWN:
        return None
    if name in TEACHERS_ONLY and audience is Audience.VIEWER:
        return None
    if is_prefix(register.key):
        return register.raw
    if name == "tally":
        return _tally_sight(lesson, register, audience)
    if name == "poll" and audience is Audience.VIEWER:
        return _poll_sight(register)
    return register.raw


def _tally_sight(lesson: Lesson, register: Register, audience: Audience) -> str | None:
    about = lesson.get("poll/" + register.key.partition("/")[2])
    poll = parse_poll(about.raw) if about else None
    if audience is Audience.TEACHER:
        return register.raw if poll else NULL
    if poll and poll.revealed:
        return register.raw
    return NULL if about and about.mark >= REVEALED else None


def _poll_sight(register: Register) -> str | None:
    poll = parse_poll(register.raw)
    if poll is None or not poll.shown:
        return NULL if register.mark >= SEEN else None
    if poll.reveal:
        return register.raw
    value = json.loads(register.raw)
    if "correct" not in value:
        return register.raw
    del value["correct"]
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _current_ink(lesson: Lesson) -> str:
    """The prefix of the current page's ink; where no page is current, one that no key has."""
    return f"ink/{page(lesson) or ''}/"


def snapshot(lesson: Lesson, audience: Audience) -> dict[str, str]:
    """Everything the audience may see: key -> JSON text. The ink is the current page's."""
    ink = _current_ink(lesson)
    seen = {}
    for register in lesson:
        key = register.key
        if key.startswith("ink/"):
            if register.raw != NULL and key.startswith(ink):
                seen[key] = register.raw
            continue
        raw = _sight(lesson, register, audience)
        if raw is not None and raw != NULL:
            seen[key] = raw
    return seen


def at_most(lesson: Lesson) -> int:
    """More registers than this a snapshot does not have, for whomever it is."""
    return len(lesson) - lesson.number_below("ink/") + lesson.number_below(_current_ink(lesson))


def weight(told: Mapping[str, str]) -> int:
    """About the bytes of an event."""
    return sum(len(key) + len(raw) for key, raw in told.items())


def changes(lesson: Lesson, audience: Audience, since: Position) -> dict[str, str]:
    """What has changed for the audience since a position: key -> JSON text, `null` where it is gone."""
    return dict(_changes(lesson, audience, since))


def any_change(lesson: Lesson, audience: Audience, since: Position) -> bool:
    """Whether `changes` has anything to tell."""
    return next(_changes(lesson, audience, since), None) is not None


def _changes(lesson: Lesson, audience: Audience, since: Position) -> Iterator[tuple[str, str]]:
    for register in lesson.changed(since):
        if register.cover is not None and register.cover.position > since:
            yield register.key + "/", NULL
        if register.key.startswith("ink/"):  # most of what a lesson has, told to all as it is
            yield register.key, register.raw
            continue
        for also in _with(lesson, register):
            raw = _sight(lesson, also, audience)
            if raw is not None:
                yield also.key, raw


def _with(lesson: Lesson, register: Register) -> list[Register]:
    """A changed register, and those whose sight its change alters."""
    if register.key == "slide":
        ink = lesson.below(_current_ink(lesson))
        return [register, *(stroke for stroke in ink if stroke.raw != NULL)]
    if register.key == "poll/":
        return [register, register._replace(key="tally/")]
    if register.key.startswith("poll/"):
        tally = lesson.get("tally/" + register.key.partition("/")[2])
        return [register, tally] if tally else [register]
    return [register]


def ink(lesson: Lesson, of_page: str) -> dict[str, str]:
    """The strokes of one page: key -> JSON text."""
    return {stroke.key: stroke.raw for stroke in lesson.below(f"ink/{of_page}/") if stroke.raw != NULL}


def encode(told: Mapping[str, str], *, reset: bool) -> str:
    """The data of a `state` event. Keys are ASCII without quotes, values are JSON text already."""
    order = sorted(told, key=lambda key: (not is_prefix(key), key)) if len(told) > 1 else told
    writes = ",".join(f'["{key}",{told[key]}]' for key in order)
    return f'{{"reset":true,"writes":[{writes}]}}' if reset else f'{{"writes":[{writes}]}}'
