"""Durations, counted in buckets whose width grows with the duration.

Rules: microseconds; 64 buckets an octave, so a percentile is at most 1.6 % off; the largest value is kept exactly;
histograms of processes and of rounds can be added.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Self

STEPS = 64  # a power of two

PERCENTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999}


def _bucket(us: int) -> int:
    shift = max(us.bit_length() - STEPS.bit_length(), 0)
    return shift * STEPS + (us >> shift)


def _upper(bucket: int) -> int:
    shift = max(bucket // STEPS - 1, 0)
    return ((bucket - shift * STEPS + 1) << shift) - 1


class Histogram:
    """How many of each duration."""

    def __init__(self, buckets: Mapping[int, int] | None = None, largest: int = 0) -> None:
        self.buckets = Counter(buckets or {})
        self.largest = largest

    @classmethod
    def of(cls, durations_us: Iterable[int]) -> Self:
        """The histogram of some durations; a negative one is a bug of the caller and raises ValueError."""
        counted = Counter(durations_us)
        made = cls(largest=max(counted, default=0))
        for us, times in counted.items():
            if us < 0:
                raise ValueError(f"a duration of {us} us")
            made.buckets[_bucket(us)] += times
        return made

    def __add__(self, other: "Histogram") -> "Histogram":
        return Histogram(self.buckets + other.buckets, max(self.largest, other.largest))

    @property
    def count(self) -> int:
        """How many there are."""
        return self.buckets.total()

    def percentile(self, share: float) -> int:
        """The duration (us) that `share` of all do not exceed; 0 where there are none."""
        left = share * self.count
        for bucket in sorted(self.buckets):
            left -= self.buckets[bucket]
            if left <= 0:
                return min(_upper(bucket), self.largest)
        return self.largest

    def milliseconds(self) -> dict[str, float]:
        """The percentiles that reports give, in ms."""
        found = {name: self.percentile(share) / 1000 for name, share in PERCENTILES.items()}
        return found | {"max": self.largest / 1000}

    def plain(self) -> dict[str, object]:
        """As JSON."""
        return {
            "buckets": {str(each): self.buckets[each] for each in sorted(self.buckets)},
            "largest": self.largest,
        }
