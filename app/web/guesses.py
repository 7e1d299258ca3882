"""Guessing lesson codes: failures are counted for each address, successes are not.

Rules: an address has `BURST` wrong codes, and one more every `REFILL_S`; when it has none left, its codes
are no longer looked up in the store (only a deck's id is, for the code of its lesson): a lesson that is
being given, here or by another process, is served, whoever asks, and the rest is refused unseen. So a school
behind one address goes on and joins, whatever one pupil tries, and guessing finds only lessons that are
being given at the moment.
Bounded: the addresses used longest ago are forgotten.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

BURST = 30.0
REFILL_S = 2.0
ADDRESSES = 10_000


@dataclass(slots=True)
class _Address:
    at: float
    left: float = BURST


class Guesses:
    """One a process. `clock` gives seconds that only rise."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._addresses: OrderedDict[str, _Address] = OrderedDict()

    def may_look_up(self, address: str) -> bool:
        """Whether a code that is not being given may be looked up for the address."""
        known = self._addresses.get(address)
        if known is None:
            return True
        self._refill(known)
        return known.left >= 1

    def failed(self, address: str) -> None:
        """A code was unknown."""
        known = self._addresses.get(address)
        if known is None:
            known = self._addresses[address] = _Address(self._clock())
            if len(self._addresses) > ADDRESSES:
                self._addresses.popitem(last=False)
        self._addresses.move_to_end(address)
        self._refill(known)
        known.left = max(0.0, known.left - 1)

    def _refill(self, known: _Address) -> None:
        now = self._clock()
        known.left = min(BURST, known.left + (now - known.at) / REFILL_S)
        known.at = now
