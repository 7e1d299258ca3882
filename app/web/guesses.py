"""Guessing lesson codes: failures are counted, successes are not.

Rules:
- A wrong code counts against the voter whose signed cookie came with it, and else against the address (an IPv6 /64):
  so in a class behind one address each browser has guesses of its own, and none can use up another's.
- Cookies are free for the asking, so an address' voters have a budget together, too. It is what a guesser is left
  with who asks for a new cookie each time: one guess a second finds one of 1,000 lessons of the 2**30 codes in 12 days.
- A guess is taken before the code is looked up and given back when it was right, so that a thousand at once are no more
  than a thousand in a row. One code that many ask for at the same moment is one guess.
- With no guess left a code is not looked up, unless the request proves that it need not guess (`admission.py`).
Bounded: whoever guessed longest ago is forgotten.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from app.web.proofs import Asker

BURST = 30.0  # wrong codes of one voter, or of an address' requests without a voter
REFILL_S = 2.0
TOGETHER = 600.0  # of all voters of an address: a school, mistyping
TOGETHER_REFILL_S = 1.0
REMEMBERED = 10_000


@dataclass(slots=True)
class _Budget:
    left: float
    at: float
    trying: set[str] = field(default_factory=set)  # codes that are being looked up


class _Budgets:
    """One kind of budget, by name."""

    def __init__(self, burst: float, refill_s: float, clock: Callable[[], float]) -> None:
        self._burst, self._refill_s, self._clock = burst, refill_s, clock
        self._known: OrderedDict[str, _Budget] = OrderedDict()

    def of(self, name: str) -> _Budget:
        """The budget, as it is now."""
        now = self._clock()
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = _Budget(self._burst, now)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        self._known.move_to_end(name)
        known.left = min(self._burst, known.left + (now - known.at) / self._refill_s)
        known.at = now
        return known


class Guesses:
    """One a process. `clock` gives seconds that only rise."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._addresses = _Budgets(BURST, REFILL_S, clock)
        self._voters = _Budgets(BURST, REFILL_S, clock)
        self._together = _Budgets(TOGETHER, TOGETHER_REFILL_S, clock)

    def begin(self, asker: Asker, code: str) -> "Guess | None":
        """A guess at a code, to be entered at once; None where there is none left."""
        if asker.voter is None:
            budgets = [self._addresses.of(asker.address)]
        else:
            budgets = [self._voters.of(asker.voter), self._together.of(asker.address)]
        if all(code in each.trying or each.left - len(each.trying) >= 1 for each in budgets):
            return Guess(budgets, code)
        return None


class Guess:
    """A code that is being looked up, for the length of a block, which says whether it was `wrong`."""

    def __init__(self, budgets: list[_Budget], code: str) -> None:
        self.wrong = False
        self._budgets, self._code = budgets, code

    def __enter__(self) -> Self:
        for each in self._budgets:
            each.trying.add(self._code)
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._budgets:
            if self._code in each.trying:
                each.trying.discard(self._code)
                each.left -= self.wrong
