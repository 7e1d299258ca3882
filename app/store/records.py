"""How registers and feed entries are written in Redis, and the names of its keys.

Rules: the forms are those of `lua/registers.lua`; what cannot be parsed is a fault of the store, not of a
request.
"""

from collections.abc import Iterable

from app.core.lesson import Position, Register, Write
from app.core.stamp import Stamp, parse_stamp
from app.store.contract import Entry, StoreUnavailable

PARTS = ("meta", "state", "names", "feed", "votes", "counts", "pulled")


def lesson_keys(lesson: str) -> list[str]:
    """Every key of a lesson, in the order the scripts expect; one hash tag, one slot."""
    return [f"lectern:{{{lesson}}}:{part}" for part in PARTS]


def feed_key(lesson: str) -> str:
    """The stream of a lesson's feed."""
    return lesson_keys(lesson)[3]


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
    """A field of the state hash: `stamp|position|mark|json`."""
    stamp, position, mark, raw = kept.decode().split("|", 3)
    return Register(key.decode(), _stamp(stamp), raw, int(mark), parse_position(position.encode()))


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
