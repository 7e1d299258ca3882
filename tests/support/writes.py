"""Random writes of a lesson, for property tests: few keys and few stamps, so that they meet often.

Rules: a value is a function of its stamp wherever two writes must not tie with different values; poll values are real
polls, so that audiences have something to hide.
"""

import json
from collections.abc import Iterable, Sequence

from hypothesis import strategies as st

from app.core.keys import family, is_prefix, prefixes
from app.core.lesson import NULL, Lesson, Position, Register, Write
from app.core.poll import mark
from app.core.stamp import Stamp

PAGES = ("a-1", "b-1")

INK = (
    "ink/",
    "ink/a-1/",
    "ink/b-1/",
    "ink/a-1/s/",
    "ink/a-1/s",
    "ink/a-1/S",
    "ink/a-1/s/0",
    "ink/a-1/s/1",
    "ink/a-1/s-",
    "ink/b-1/s",
    "ink/b-1/s/0",
    "ink/None/s",
    "slide",
)
# One stroke, its pieces, and the clears above them.
STROKE = (
    "ink/",
    "ink/a-1/",
    "ink/a-1/s/",
    "ink/a-1/s/",
    "ink/a-1/s",
    "ink/a-1/s",
    "ink/a-1/s/0",
    "ink/a-1/s/1",
    "ink/a-1/t",
    "slide",
)
POLLS = ("poll/", "poll/x", "poll/x", "poll/y", "tally/x", "tally/y", "slide")
REST = (
    "slide",
    "pages",
    "screen",
    "timer",
    "pointer",
    "notes/",
    "notes/a-1",
    "deck/d",
    "audience",
    "lesson",
    "shown/a-1",
    "keyring/k",
)

# ASCII order, which is not the order of any dictionary: capitals, then `_`, then small letters; `-` before all.
WRITERS = ("-", "A", "Z", "_", "a", "a-", "b", "z")

stamps = st.builds(
    Stamp,
    ms=st.integers(1, 6),
    counter=st.sampled_from((0, 1, 2, 10)),
    writer=st.sampled_from(WRITERS),
)


def polls(key: str = "poll/x") -> st.SearchStrategy[str]:
    """JSON text of a poll, often with something to hide."""
    return st.fixed_dictionaries(
        {
            "question": st.just(key),
            "options": st.just(["a", "b", "c"]),
            "status": st.sampled_from(("draft", "open", "closed")),
            "reveal": st.booleans(),
        },
        optional={"multiple": st.booleans(), "correct": st.just([1])},
    ).map(json.dumps)


def value(key: str, about: str) -> str:
    """JSON text that a register of this family may hold; `about` makes it one's own."""
    if key == "slide":
        return json.dumps({"page": PAGES[len(about) % 2], "about": about})
    if family(key) == "poll":
        status = ("draft", "open", "closed")[len(about) % 3]
        return json.dumps({"question": about, "options": ["a", "b"], "status": status, "reveal": True})
    return json.dumps({"about": about})


@st.composite
def writes(draw: st.DrawFn, keys: Sequence[str]) -> Write:
    """A write to one of the keys: a value, a deletion, or a clear."""
    key, stamp = draw(st.sampled_from(keys)), draw(stamps)
    if is_prefix(key) or draw(st.integers(0, 4)) == 0:
        return Write(key, stamp, NULL)
    raw = draw(polls(key)) if family(key) == "poll" else value(key, str(stamp))
    return Write(key, stamp, raw, mark(key, raw))


def programs(keys: Sequence[str], size: int = 12) -> st.SearchStrategy[list[list[Write]]]:
    """Requests of one to four writes each."""
    return st.lists(st.lists(writes(keys), min_size=1, max_size=4), min_size=1, max_size=size)


def folded(requests: Iterable[Sequence[Write]]) -> Lesson:
    """The lesson that the requests make, each at a position of its own."""
    lesson = Lesson()
    for number, request in enumerate(requests, 1):
        lesson.apply(Position(number, 0), request)
    return lesson


def logical(lesson: Iterable[Register]) -> list[Register]:
    """The registers as the rule knows them: a cover is a clear like any other."""
    found = []
    for register in lesson:
        found.append(register._replace(cover=None))
        if register.cover is not None:
            stamp, position = register.cover
            found.append(Register(register.key + "/", stamp, NULL, 0, position))
    return found


def state(lesson: Iterable[Register]) -> dict[str, tuple[Stamp, str]]:
    """What convergence is about: the value of every register, and its stamp. What a newer clear covers is as good as gone."""
    kept = {register.key: register for register in logical(lesson)}
    covered = {
        key
        for key, register in kept.items()
        if any(prefix in kept and kept[prefix].stamp > register.stamp for prefix in prefixes(key))
    }
    assert all(kept[key].raw == NULL for key in covered)
    return {key: (register.stamp, register.raw) for key, register in kept.items() if key not in covered}
