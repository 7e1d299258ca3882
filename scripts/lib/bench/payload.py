"""What is posted, and how the time of its posting is found again in the bytes of an event.

Rules: times are microseconds of the machine's monotonic clock, modulo `WRAP_US` so that they fit into a stroke's
coordinates; a `timer` event is about 100 bytes, a piece of ink about 160. Peers that know no registers are posted
the very data that Lectern's viewers get.
"""

import re
import time
from enum import Enum

WRAP_US = 10**12
_FIRST = 10**15  # keeps the number of digits, and so the size of events, the same

_STAMP = re.compile(rb'"(?:ends":1000(\d{6})(\d{6})|points":\[(\d{1,6}),(\d{1,6}))')

PAGE = "blank-1"
PIECES = 600  # of ink; then the first is written again, as a lesson does not grow by every piece for ever: pen-up ends them


class Kind(Enum):
    """What one write is."""

    TIMER = "timer"  # one register again and again: what is merged within a flush is conflated
    INK = "ink"  # many registers in turn: everything reaches everybody
    VOTE = "vote"


def now_us() -> int:
    """The clock that all processes of the machine share."""
    return time.monotonic_ns() // 1000


def _value(kind: Kind, now: int) -> str:
    seconds, rest = divmod(now % WRAP_US, 1_000_000)
    if kind is Kind.TIMER:
        return f'{{"ends":{_FIRST + now % WRAP_US}}}'
    return f'{{"tool":"pen","color":"#d55e00","width":24,"points":[{seconds},{rest},3,-2,4,-1,6,2]}}'


def _key(kind: Kind, number: int) -> str:
    piece = number % PIECES
    return "timer" if kind is Kind.TIMER else f"ink/{PAGE}/s{piece // 64}/{piece % 64}"


def body(kind: Kind, number: int, now: int, *, bare: bool) -> bytes:
    """The body of write `number`, posted at `now`: Lectern's request or, `bare`, the data of the event itself."""
    if kind is Kind.VOTE:
        return b'{"choices":[%d]}' % (number % 4)
    key, value = _key(kind, number), _value(kind, now)
    if bare:
        return f'{{"writes":[["{key}",{value}]]}}'.encode()
    return f'{{"writes":[{{"key":"{key}","value":{value}}}]}}'.encode()


def stamps(data: bytes, now: int) -> tuple[int, ...]:
    """When the updates in `data`, which has come by `now`, were posted."""
    found = []
    for ends_s, ends_us, ink_s, ink_us in _STAMP.findall(data):
        sent = now - now % WRAP_US + int(ends_s or ink_s) * 1_000_000 + int(ends_us or ink_us)
        found.append(sent if sent <= now else sent - WRAP_US)
    return tuple(found)
