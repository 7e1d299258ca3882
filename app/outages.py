"""Outages in the log: what happens for each request, or each second, while something is away is said once and then counted.

Rules: the first fault is a line at once; each `EVERY_S` a line says how many more there were, with the last of them; a time of
`EVERY_S` without one ends the outage, and a line gives its total (but for a single one). So whatever a crowd does, an outage is 7 lines a minute,
and no fault is left out of the count. Its threat is a disk that is full of one sentence: 5,350 lines in 25 s were seen.
"""

import asyncio
import logging
import time

EVERY_S = 10.0


class Outage:
    """One kind of fault, told by one logger. Used by the event loop alone."""

    def __init__(self, log: logging.Logger, what: str, every_s: float = EVERY_S) -> None:
        self._log = log
        self._what = what
        self._every_s = every_s
        self._loop: asyncio.AbstractEventLoop | None = None  # while it lasts
        self._began = 0.0
        self._total = 0
        self._untold = 0
        self._last = ""
        _ALL.append(self)

    def note(self, fault: object) -> None:
        """It has happened (again)."""
        loop = asyncio.get_running_loop()
        self._last = str(fault)
        self._total += 1
        if self._loop is loop:
            self._untold += 1
            return
        self._loop, self._began, self._total, self._untold = loop, time.monotonic(), 1, 0
        self._log.warning("%s: %s", self._what, self._last)
        loop.call_later(self._every_s, self._tell, loop)

    def _tell(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is not loop:
            return
        if self._untold:
            self.tell()
            loop.call_later(self._every_s, self._tell, loop)
            return
        if self._total > 1:
            lasted = max(0.0, time.monotonic() - self._began - self._every_s)
            self._log.warning("%s: no more; %d in about %.0f s", self._what, self._total, lasted)
        self._loop = None

    def tell(self) -> None:
        """How many have not been told."""
        if self._untold:
            told = "%s: %d more, %d so far; the last: %s"
            self._log.warning(told, self._what, self._untold, self._total, self._last)
            self._untold = 0


_ALL: list[Outage] = []


def tell_all() -> None:
    """The process ends: say what has not been said."""
    for outage in _ALL:
        outage.tell()
