"""Whether a peer with bytes left to read is reading them: progress counts, not the end of it.

Rules: what a peer has left is measured each `EVERY_S`. A phone in a train that reads 8 KB/s takes a minute for a lesson of 400 KB,
and must be let: it was cut at the second measurement once, every time, and began from zero. Given up is
- a peer that has taken nothing since the first measurement, or for two measurements running later: TCP opens a
  large receive buffer's window half a buffer at a time, so a slow reader is silent now and then;
- one that has taken less than `SLOWEST` over the last `SPAN`: a byte now and then is no reading (the slow-read attack);
- one that has not come to the end after `LONGEST` measurements.
"""

EVERY_S = 15.0
SPAN = 4  # measurements: a minute
SLOWEST = 2 * 1024  # bytes a second; a lesson of 400 KB then takes three minutes
LONGEST = 80  # measurements: 20 minutes


class Reading:
    """One peer that is behind, from its first measurement on."""

    __slots__ = ("_left", "_measured")

    def __init__(self, left: int) -> None:
        self._left = [left]
        self._measured = 0

    def goes_on(self, left: int) -> bool:
        """Another measurement, `EVERY_S` after the last: whether the peer is to be waited for."""
        self._measured += 1
        self._left = [*self._left, left][-(SPAN + 1) :]
        silent = 2 if self._measured == 1 else 3
        if len(self._left) >= silent and left >= self._left[-silent]:
            return False
        if len(self._left) > SPAN and self._left[0] - left < SLOWEST * EVERY_S * SPAN:
            return False
        return self._measured < LONGEST
