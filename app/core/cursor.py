"""Cursors: `<epoch>.<position>`, the name of a place in one lesson's feed.

Rules: what is not exactly a cursor of this epoch, at a position the fold can answer for, is no cursor;
the reader then gets a reset. The epoch is made of the store's identity and the lesson's own, so that
neither a store that came back with other data nor another lesson's cursor can be taken for a valid one.
"""

import hashlib
import re
from typing import NamedTuple

from app.core.lesson import Position

_CURSOR = re.compile(r"([0-9a-f]{8})\.([0-9]{1,15})-([0-9]{1,15})")


class Cursor(NamedTuple):
    """An epoch (8 hexadecimal digits) and a position in it."""

    epoch: str
    position: Position

    def __str__(self) -> str:
        return f"{self.epoch}.{self.position}"


def parse_cursor(text: str | None) -> Cursor | None:
    """The cursor that `text` spells, or None: malformed is not an error, only unknown."""
    match = _CURSOR.fullmatch(text or "")
    if match is None:
        return None
    return Cursor(match[1], Position(int(match[2]), int(match[3])))


def lesson_epoch(store: str, code: str, created: int) -> str:
    """The epoch of one lesson's cursors in one life of the store."""
    identity = f"{store}/{code}/{created}".encode()
    return hashlib.blake2s(identity, digest_size=4).hexdigest()
