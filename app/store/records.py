"""How registers and feed entries are written in Redis, and the names of its keys.

Rules: the forms are those of `lua/registers.lua`; what cannot be parsed is a fault of the store, not of a
request.
"""

from collections.abc import Iterable, Mapping

from app.core.lesson import Cover, Position, Register, Write
from app.core.stamp import Stamp, parse_stamp
from app.store.contract import Counts, Entry, StoreUnavailable

PARTS = ("meta", "state", "names", "feed", "votes", "counts", "pulled", "dirty")


def lesson_keys(lesson: str) -> list[str]:
    """Every key of a lesson, in the order the scripts expect; one hash tag, one slot."""
    return [f"lectern:{{{lesson}}}:{part}" for part in PARTS]


def feed_key(lesson: str) -> str:
    """The stream of a lesson's feed."""
    return lesson_keys(lesson)[3]


def counts_key(lesson: str) -> str:
    """The hash of a lesson's votes, counted."""
    return lesson_keys(lesson)[5]


def probe_key(worker: str) -> str:
    """The stream in which a worker writes to itself."""
    return f"lectern:probe:{worker}"


def parse_position(text: bytes) -> Position:
    """A stream id, `1790000000123-0`."""
    ms, _, seq = text.partition(b"-")
    return Position(int(ms), int(seq))


def _stamp(text: str) -> Stamp:
    stamp = parse_stamp(text)
    if stamp is None:
        raise StoreUnavailable(f"a stamp that is none: {text[:60]!r}")
    return stamp


def parse_register(key: bytes, kept: bytes) -> Register:
    """A field of the state hash: `stamp|position|mark|json`, or `stamp|position|mark,stamp,position|json` with a cover."""
    stamp, position, mark, raw = kept.decode().split("|", 3)
    register = Register(key.decode(), _stamp(stamp), raw, int(mark[:1]), parse_position(position.encode()))
    if len(mark) > 1:
        of, told = mark[2:].split(",")
        register = register._replace(cover=Cover(_stamp(of), parse_position(told.encode())))
    return register


def parse_entry(position: Position, fields: Iterable[tuple[bytes, bytes]]) -> Entry:
    """An entry of a feed: `#` -> its number, then key -> `stamp|mark|json`."""
    number, writes = 0, []
    for key, value in fields:
        if key == b"#":
            number = int(value)
        else:
            stamp, mark, raw = value.decode().split("|", 2)
            writes.append(Write(key.decode(), _stamp(stamp), raw, int(mark)))
    return Entry(position, number, writes)


def parse_counts(kept: Mapping[bytes, bytes]) -> dict[str, Counts]:
    """The fields of the counts hash, `<poll>:<option>` and `<poll>:voters`: what has been voted, by poll."""
    options: dict[str, dict[int, int]] = {}
    voters: dict[str, int] = {}
    for field, value in kept.items():
        poll, _, what = field.decode().partition(":")
        if what == "voters":
            voters[poll] = int(value)
        elif value != b"0":
            options.setdefault(poll, {})[int(what)] = int(value)
    return {
        poll: Counts([mine.get(option, 0) for option in range(max(mine, default=-1) + 1)], number)
        for poll, number in voters.items()
        for mine in [options.get(poll, {})]
    }
