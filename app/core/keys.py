"""Register keys: `family`, `family/a`, ... up to three segments below it; a trailing slash is a prefix.

Rules: a key that ends in `/` names every register below it and may only be cleared (value null);
families say who writes them and who may see them (`app/core/audience.py` says when).
"""

import re
from enum import Enum
from typing import NamedTuple

SEGMENT = "[A-Za-z0-9_-]{1,40}"
PAGE = "[a-z0-9]{1,32}-[1-9][0-9]{0,5}"
FORM = f"[a-z]+(/{SEGMENT}){{0,3}}/?"
_KEY = re.compile(FORM)
_PAGE = re.compile(PAGE)
_OF_PAGES = frozenset({"ink", "notes"})  # families whose first segment is a page's id


class Writer(Enum):
    """Who sets the registers of a family."""

    TEACHER = "teacher"
    SERVER = "server"
    INTERNAL = "internal"  # the server's own; seen by no audience


class Family(NamedTuple):
    """The rule of one family: who writes it, and how many segments a key of it has below the name."""

    writer: Writer
    depths: frozenset[int]
    clears: frozenset[int] = frozenset()  # depths at which `.../` may be cleared


def _family(writer: Writer, *depths: int, clears: tuple[int, ...] = ()) -> Family:
    return Family(writer, frozenset(depths), frozenset(clears))


FAMILIES = {
    "slide": _family(Writer.TEACHER, 0),
    "pages": _family(Writer.TEACHER, 0),
    "screen": _family(Writer.TEACHER, 0),
    "pointer": _family(Writer.TEACHER, 0),
    "timer": _family(Writer.TEACHER, 0),
    "ink": _family(Writer.TEACHER, 2, 3, clears=(0, 1, 2)),
    "poll": _family(Writer.TEACHER, 1, clears=(0,)),
    "notes": _family(Writer.TEACHER, 1, clears=(0,)),
    "deck": _family(Writer.SERVER, 1),
    "tally": _family(Writer.SERVER, 1),
    "audience": _family(Writer.SERVER, 0),
    "lesson": _family(Writer.INTERNAL, 0),
    "shown": _family(Writer.INTERNAL, 1),
    "appended": _family(Writer.INTERNAL, 1),
    "keyring": _family(Writer.INTERNAL, 1),
}

OWN = frozenset(name for name, rule in FAMILIES.items() if rule.writer is Writer.INTERNAL)

_ROOMY = frozenset(
    name for name, rule in FAMILIES.items() if rule.writer is not Writer.TEACHER or rule.depths == {0}
)

# Live only: the value reaches those who are connected and is kept for nobody.
EPHEMERAL = frozenset({"pointer"})


def well_formed(key: str) -> bool:
    """Whether `key` has the form of the contract, whatever its family."""
    return _KEY.fullmatch(key) is not None


def family(key: str) -> str:
    """The first segment of a key."""
    return key.partition("/")[0]


def is_prefix(key: str) -> bool:
    """Whether the key names everything below it."""
    return key.endswith("/")


def prefixes(key: str) -> list[str]:
    """Every prefix whose clear covers `key`, widest first: `ink/p/s` -> `ink/`, `ink/p/`."""
    found: list[str] = []
    end = key.find("/") + 1
    while 0 < end < len(key):
        found.append(key[:end])
        end = key.find("/", end) + 1
    return found


def parent(key: str) -> str:
    """The narrowest prefix whose clear covers `key`, empty where there is none: keys that share it share all of them."""
    return key[: key.rfind("/", 0, -1) + 1]


def names_page(key: str) -> bool:
    """Whether the page in a key is one that a slide may have; true of keys that have none."""
    name, _, below = key.partition("/")
    return name not in _OF_PAGES or not below or _PAGE.fullmatch(below.partition("/")[0]) is not None


def own(key: str) -> bool:
    """Whether the register is the server's own, which no audience sees."""
    return family(key) in OWN


def has_room(key: str) -> bool:
    """Whether a full lesson still takes the register: one that the server writes, or of which there is only one."""
    return family(key) in _ROOMY


def known(key: str, writer: Writer) -> bool:
    """Whether `writer` may write `key`, given a well-formed key: its family, depth and trailing slash."""
    rule = FAMILIES.get(family(key))
    if rule is None or rule.writer is not writer:
        return False
    depth = key.rstrip("/").count("/")
    return depth in (rule.clears if is_prefix(key) else rule.depths)
