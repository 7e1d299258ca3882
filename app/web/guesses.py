"""Guessing lesson codes: failures are counted for each address, successes are not.

Rules: an address has `BURST` wrong codes, and one more every `REFILL_S`; when it has none left, only
codes that have worked for it before are looked up, and the rest is refused unseen, so that a guess costs
the time it takes to earn it. A school behind one address goes on in its lessons whatever one pupil tries.
Bounded: the addresses used longest ago are forgotten.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

BURST = 30.0
REFILL_S = 2.0
ADDRESSES = 10_000
CODES = 256


@dataclass(slots=True)
class _Address:
    at: float
    left: float = BURST
    worked: OrderedDict[str, None] = field(default_factory=OrderedDict)


class Guesses:
    """One a process. `clock` gives seconds that only rise."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._addresses: OrderedDict[str, _Address] = OrderedDict()

    def may_try(self, address: str, code: str) -> bool:
        """Whether the code may be looked up for the address."""
        known = self._addresses.get(address)
        if known is None or code in known.worked:
            return True
        self._refill(known)
        return known.left >= 1

    def failed(self, address: str) -> None:
        """A code was unknown."""
        known = self._get(address)
        self._refill(known)
        known.left = max(0.0, known.left - 1)

    def worked(self, address: str, code: str) -> None:
        """A code was right."""
        worked = self._get(address).worked
        worked[code] = None
        worked.move_to_end(code)
        if len(worked) > CODES:
            worked.popitem(last=False)

    def _refill(self, known: _Address) -> None:
        now = self._clock()
        known.left = min(BURST, known.left + (now - known.at) / REFILL_S)
        known.at = now

    def _get(self, address: str) -> _Address:
        known = self._addresses.get(address)
        if known is None:
            known = self._addresses[address] = _Address(self._clock())
            if len(self._addresses) > ADDRESSES:
                self._addresses.popitem(last=False)
        self._addresses.move_to_end(address)
        return known
