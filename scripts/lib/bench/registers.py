"""What a viewer ends with: its registers, folded from everything it was ever told.

Rules: for those that were held only, after the measuring; two sets of registers are the same when their digests are.
"""

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from scripts.lib.stream import apply

_DATA = re.compile(rb"event: state\ndata: ([^\n]*)\n")

Registers = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ending:
    """Of one viewer that was held."""

    events: int  # since it was
    catch_ups: int  # of them, those that were for it alone
    digest: str  # of its registers


def digest(registers: Mapping[str, Any]) -> str:
    """The same for the same registers."""
    return hashlib.blake2s(json.dumps(registers, sort_keys=True).encode()).hexdigest()


def events(kept: Sequence[bytes]) -> list[bytes]:
    """The data of each event."""
    return [told for data in kept for told in _DATA.findall(data)]


def ending(kept: Sequence[bytes], before: int, seen: Collection[bytes], least: int) -> Ending:
    """Fold all that was kept; the first `before` of it came before the viewer was held.

    A catch-up is an event that one who reads was not sent (`seen` is what it was) and that holds at least `least`
    updates: one more, of what has changed while the first was on its way, is not what is counted.
    """
    registers: Registers = {}
    for told in events(kept):
        apply(registers, msgspec.json.decode(told))
    since = events(kept[before:])
    caught_up = [told for told in since if told not in seen]
    sizes = [len(msgspec.json.decode(told)["writes"]) for told in caught_up]
    return Ending(len(since), sum(size >= least for size in sizes), digest(registers))
