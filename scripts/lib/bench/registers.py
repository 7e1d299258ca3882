"""What a viewer ends with: its registers, folded from everything it was ever told.

Rules: for those that were held only, after the measuring; two sets of registers are the same when their digests are.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from scripts.lib.stream import apply

_DATA = re.compile(rb"event: state\ndata: ([^\n]*)\n")
CATCH_UP = 20  # updates in one event; a flush of ink at 60 a second holds three or four

Registers = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ending:
    """Of one viewer that was held."""

    events: int  # since it was
    catch_ups: int  # of them, those that told more than a flush does
    digest: str  # of its registers


def digest(registers: Mapping[str, Any]) -> str:
    """The same for the same registers."""
    return hashlib.blake2s(json.dumps(registers, sort_keys=True).encode()).hexdigest()


def ending(kept: Sequence[bytes], before: int) -> Ending:
    """Fold all that was kept; the first `before` of it came before the viewer was held."""
    registers: Registers = {}
    sizes = []
    for number, data in enumerate(kept):
        for told in _DATA.findall(data):
            event = msgspec.json.decode(told)
            apply(registers, event)
            if number >= before:
                sizes.append(len(event["writes"]))
    return Ending(len(sizes), sum(size > CATCH_UP for size in sizes), digest(registers))
